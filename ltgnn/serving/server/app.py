"""The web demo and JSON API over one model; each endpoint answers as the command of the same name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Protocol

import anyio.to_thread
import torch
from fastapi import APIRouter, Depends, FastAPI, Query
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from ltgnn.inference.adjusted import of_history, towards_tail
from ltgnn.inference.explanation.explainer import Explainer
from ltgnn.inference.list_block import ListBlock
from ltgnn.inference.rule_engine import RuleCache, RuleRanker, Rules
from ltgnn.inference.served_model import ServedModel
from ltgnn.serving.rules import TailShare
from ltgnn.serving.server import documentation, refusals
from ltgnn.serving.server.content_policy import content_policy
from ltgnn.serving.server.guard import Guard
from ltgnn.serving.server.schema import (
    LONGEST_ID,
    Asked,
    Count,
    Explained,
    Health,
    Hit,
    Info,
    Item,
    ItemId,
    Least,
    Listed,
    Recommended,
    Similar,
    Tail,
    User,
    UserId,
    Wanted,
)
from ltgnn.types import UserError

PAGE = Path(__file__).with_name("page.html")
WAITING = 64
POPULAR = "this user is new to the model, so these are the most popular items (score: how many users have them)"


class Finder(Protocol):
    """What answers a search: ``ltgnn.inference.open_run.OpenRun.find``."""

    def __call__(self, query: str, k: int, user: str | None, taste: float) -> Sequence[Any]: ...


def create(
    served: ServedModel,
    find: Finder | None,
    by: Sequence[str],
    hosts: Sequence[str],
    threads: int = 2,
    explain: Explainer | None = None,
    rules: Rules | None = None,
    tail_share: TailShare | None = None,
    token: str | None = None,
    waiting: int = WAITING,
) -> FastAPI:
    """The application. ``find`` and ``by``: the search and its retrievers; None and empty if search is unavailable.

    ``explain``: of the same model; None: no explanations. ``rules``: those of every list, as in ``ltgnn recommend``;
    ``tail_share``: whose groups the parameter ``tail`` counts, where no rule has a share of its own.

    ``hosts``: values of the Host header that are answered. ``token``: what every request has to bring; None: nothing.
    ``threads``: requests computed at a time; others wait, up to ``waiting`` in all, beyond that they get 503.
    """

    @asynccontextmanager
    async def limited(_: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = threads
        yield

    app = FastAPI(
        title="ltgnn", version="1", description=f"Lists, reasons and search of {served.name}.", lifespan=limited,
        docs_url=None, redoc_url=None,
    )  # fmt: skip
    app.add_middleware(Guard, hosts=hosts, token=token, waiting=waiting)
    app.add_exception_handler(UserError, refusals.mistaken)
    app.add_exception_handler(RequestValidationError, refusals.invalid)
    app.add_exception_handler(HTTPException, refusals.unreadable)
    page = PAGE.read_text(encoding="utf-8")
    policy = content_policy(page)
    chosen, kept = rules or Rules({}), RuleCache()
    composed = chosen.share[1] if chosen.share else None
    counted = composed if isinstance(composed, TailShare) else tail_share or TailShare(0, ("tail", "cold"))
    own_share = composed.share if isinstance(composed, TailShare) else composed.least(1000) / 1000 if composed else 0.0
    RuleRanker(chosen, served, 1, kept)  # a missing file or column is reported at the start

    @lru_cache(maxsize=8)  # an adjusted model adds one number per item; all else is shared
    def at_tail_share(tail: float) -> ServedModel:
        return towards_tail(served, tail)

    @lru_cache(maxsize=32)  # answers of rules about items are cached in `kept`
    def ruled(k: int, share: float) -> RuleRanker:
        changed = (
            chosen if share == own_share else chosen.with_share(TailShare(share, counted.groups) if share else None)
        )
        return RuleRanker(changed, served, k, kept)

    def how(tail: float, share: float) -> str:
        names = [name for name, rule in chosen.rules.items() if rule is not composed]
        least = [f"at least {share:.0%} {' or '.join(counted.groups)}"] if share else []
        shift = f", {'rare' if tail > 0 else 'popular'} items raised by {abs(tail):g}" if tail else ""
        return f"ranked by the model{shift}" + (f"; rules: {', '.join([*names, *least])}" if names or least else "")

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    async def front() -> HTMLResponse:
        return HTMLResponse(page, headers={"Content-Security-Policy": policy})

    @app.get("/docs", response_class=HTMLResponse, include_in_schema=False)
    async def docs() -> HTMLResponse:
        written = documentation.write(app.openapi())
        return HTMLResponse(written, headers={"Content-Security-Policy": content_policy(written)})

    @app.get("/health", responses={400: refusals.ERRORS[400]})
    async def health() -> Health:
        """Liveness; needs no token and does not queue."""
        return Health(status="ok")

    api = APIRouter(prefix="/api", responses=refusals.answers(), dependencies=[Depends(refusals.known_only)])

    @api.get("/info")
    async def info() -> Info:
        """The model, its groups, and the rules of every list."""
        groups = served.groups
        return Info(
            name=served.name,
            users=len(served.catalogue.user_ids),
            items=len(served.catalogue.item_ids),
            groups=groups.sizes,
            policy=groups.policy,
            rule=groups.rule,
            rules=list(chosen.rules),
            tail_share=own_share,
            tail_groups=list(counted.groups),
            data=str(served.card.get("data", "")),
            search=list(by),
            unknown_user=POPULAR,
        )

    @api.get("/users")
    def users(
        begins: Annotated[str, Query(max_length=LONGEST_ID, description="of the id")] = "", k: Count = 20
    ) -> list[User]:
        """Users by prefix of their id, in the order of the data."""
        counts = served.split.train.user_counts
        found = []
        for number, name in enumerate(served.catalogue.user_ids):
            if name.startswith(begins):
                found.append(User(user=name, items=int(counts[number])))
                if len(found) == k:
                    break
        return found

    @api.get("/history", responses=refusals.answers(404))
    def history(user: UserId, k: Count = 50) -> list[Item]:
        """What the user has in the train part, rare items first."""
        number = served.catalogue.user(user)
        offsets, items = served.split.train.by_user
        mine = items[offsets[number] : offsets[number + 1]]
        counts = served.split.train.item_counts
        order = torch.argsort(counts[mine], stable=True)
        return [_item(served, int(item)) for item in mine[order][:k]]

    @api.get("/recommend", responses=refusals.answers(409))
    def recommend(user: UserId, k: Count = 10, tail: Tail = 0, tail_share: Least = own_share) -> Listed:
        """The user's list with reasons: ``ltgnn recommend`` with the rules of this server.

        ``tail`` adjusts the scores towards rare items; ``tail_share`` is the share of the rule of that name.
        """
        model, work = at_tail_share(round(tail, 3)), ruled(k, tail_share)
        rows = model.recommend([user], k, work).drop("user").to_dicts()
        known = served.is_known(served.catalogue.user_numbers.get(user, -1))
        return _to_listed(user, how(tail, tail_share) if known else POPULAR, rows)

    @api.post("/recommend/history", responses=refusals.answers(404, 409, 411, 413))
    def recommend_to_history(wanted: Wanted) -> Listed:
        """A list for a user outside of training, from a history; by the same rules."""
        numbers = [served.catalogue.item(item) for item in dict.fromkeys(wanted.history)]
        scores = of_history(at_tail_share(round(wanted.tail, 3)), numbers)
        items, values = ruled(wanted.k, own_share)(torch.tensor([-1]), scores[None])
        block = ListBlock([""], torch.tensor([-1]), (items, values))
        rows = block.frame(served).drop("user").to_dicts()
        return _to_listed("", "from the items given: the mean of their vectors, or their weights", rows)

    @api.get("/explain", responses=refusals.answers(404))
    def why(user: UserId, item: ItemId, k: Count = 10, tail: Tail = 0) -> Explained:
        """Why the user gets the item, as summands that add up to the score (``ltgnn explain``)."""
        if explain is None:
            raise UserError("this model is served without explanations")
        return Explained(**explain.on(at_tail_share(round(tail, 3)))(user, item, k).to_dict())

    @api.get("/similar", responses=refusals.answers(404))
    def similar(item: ItemId, k: Count = 10) -> list[Similar]:
        """Items nearest to one: ``ltgnn similar``."""
        return [Similar(**row) for row in served.similar(item, k).to_dicts()]

    @api.post("/search", responses=refusals.answers(404, 411, 413))
    def search(asked: Asked) -> list[Hit]:
        """Items that fit a query: ``ltgnn search``."""
        if find is None:
            raise UserError("the items of this model have no text to search in")
        return [Hit(**asdict(hit)) for hit in find(asked.query, asked.k, asked.user, asked.taste)]

    app.include_router(api)
    return app


def _item(served: ServedModel, item: int) -> Item:
    catalogue = served.catalogue
    return Item(
        item=catalogue.item_ids[item],
        title=catalogue.titles[item],
        group=served.group(item),
        users=int(served.split.train.item_counts[item]),
    )


def _to_listed(user: str, policy: str, rows: Sequence[Mapping[str, Any]]) -> Listed:
    groups = [row["group"] for row in rows]
    shares = {name: round(groups.count(name) / len(groups), 4) for name in dict.fromkeys(groups)}
    return Listed(user=user, policy=policy, shares=shares, list=[Recommended(**row) for row in rows])
