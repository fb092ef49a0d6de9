"""The page and its JSON API over one model; every answer is what the command of the same name says."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Protocol

import anyio.to_thread
import torch
from fastapi import FastAPI, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.middleware.trustedhost import TrustedHostMiddleware

from ltgnn.evaluation.best import best_items
from ltgnn.serving.dialled import of_history, towards_tail, with_tail_share
from ltgnn.serving.explanation import Explainer
from ltgnn.serving.schema import (
    LONGEST_ID,
    MOST,
    Asked,
    Explained,
    Failure,
    Hit,
    Info,
    Item,
    Listed,
    Recommended,
    Refusal,
    Similar,
    User,
    Wanted,
)
from ltgnn.serving.served import MOST as LONGEST_LIST
from ltgnn.serving.served import Served
from ltgnn.types import Mistake

PAGE = Path(__file__).with_name("page.html")
LARGEST_BODY = 262_144  # bytes; a query of 10,000 signs written as \\u escapes has 120,000


class Finder(Protocol):
    """What answers a search: ``ltgnn.search.Shop.find``."""

    def __call__(self, query: str, k: int, user: str | None, taste: float) -> Sequence[Any]: ...


UserId = Annotated[str, Query(min_length=1, max_length=LONGEST_ID)]
ItemId = Annotated[str, Query(min_length=1, max_length=LONGEST_ID)]
Count = Annotated[int, Query(ge=1, le=MOST)]
POPULAR = "not known to the model, or without a train interaction: the most popular items (score: their users)"
ERRORS: dict[int | str, dict[str, Any]] = {
    422: {"model": Refusal, "description": "a mistake: what was given, what was wanted"},
    400: {"model": Failure, "description": "a body that is no text, or another Host than this"},
    404: {"model": Failure, "description": "no such user or item"},
    413: {"model": Failure, "description": "the request is too large"},
}


def create(
    served: Served,
    find: Finder | None,
    by: Sequence[str],
    hosts: Sequence[str],
    threads: int = 2,
    explain: Explainer | None = None,
) -> FastAPI:
    """The application. ``find`` and ``by``: the search and what it goes by, None and nothing where there is none.

    ``explain``: of the same model; None: no explanations.

    ``hosts``: values of the Host header that are answered. ``threads``: requests computed at a time; the others wait.
    """

    @asynccontextmanager
    async def limited(_: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = threads
        yield

    app = FastAPI(
        title="ltgnn", version="1", description=f"Lists, reasons and search of {served.name}.", lifespan=limited
    )
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(hosts))
    page = PAGE.read_text(encoding="utf-8")
    policy = content_policy(page)

    @lru_cache(maxsize=32)
    def turned(tail: float) -> Served:
        return towards_tail(served, tail)

    @app.middleware("http")
    async def guard(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
        """Nothing too large comes in; nothing goes out that a page elsewhere could use."""
        if request.method in ("POST", "PUT", "PATCH"):
            size = request.headers.get("content-length", "")
            if not size.isdigit() or int(size) > LARGEST_BODY:
                return JSONResponse({"detail": f"a body of known size, at most {LARGEST_BODY} bytes, wanted"}, 413)
        response = await answer(request)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        return response

    @app.exception_handler(Mistake)
    async def mistaken(request: Request, mistake: Mistake) -> JSONResponse:
        missing = re.match(r"(user|item)=", str(mistake)) is not None
        return JSONResponse({"detail": str(mistake)}, 404 if missing else 422)

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    def front() -> HTMLResponse:
        return HTMLResponse(page, headers={"Content-Security-Policy": policy})

    @app.get("/api/info", responses=ERRORS)
    def info() -> Info:
        """The model, and how many users and items there are."""
        groups = served.groups
        return Info(
            name=served.name,
            users=len(served.catalogue.user_ids),
            items=len(served.catalogue.item_ids),
            groups=groups.sizes,
            rule=groups.rule,
            data=str(served.card.get("data", "")),
            search=list(by),
            unknown_user=POPULAR,
        )

    @app.get("/api/users", responses=ERRORS)
    def users(begins: Annotated[str, Query(max_length=LONGEST_ID)] = "", k: Count = 20) -> list[User]:
        """Users whose id begins so, in the order of the data."""
        counts = served.split.train.user_counts
        found = []
        for number, name in enumerate(served.catalogue.user_ids):
            if name.startswith(begins):
                found.append(User(user=name, items=int(counts[number])))
                if len(found) == k:
                    break
        return found

    @app.get("/api/history", responses=ERRORS)
    def history(user: UserId, k: Count = 50) -> list[Item]:
        """What the user has in the train part, rare items first."""
        number = served.catalogue.user(user)
        offsets, items = served.split.train.by_user
        mine = items[offsets[number] : offsets[number + 1]]
        counts = served.split.train.item_counts
        order = torch.argsort(counts[mine], stable=True)
        return [_item(served, int(item)) for item in mine[order][:k]]

    @app.get("/api/recommend", responses=ERRORS)
    def recommend(
        user: UserId, k: Count = 10, tail: Annotated[float, Query(ge=-2, le=2)] = 0,
        tail_share: Annotated[float, Query(ge=0, le=1)] = 0,
    ) -> Listed:  # fmt: skip
        """The user's list with reasons; ``tail`` turns the scores, ``tail_share`` is a rule on the list."""
        model = turned(round(tail, 3))
        frame = model.recommend(
            [user], min(served.num_items, LONGEST_LIST) if tail_share else k, reasons=not tail_share
        ).drop("user")
        rows = frame.to_dicts()
        number = served.catalogue.user_numbers.get(user, -1)
        if tail_share:
            rows = with_tail_share(rows, k, tail_share)
            items = torch.tensor([[served.catalogue.item_numbers[row["item"]] for row in rows]])
            known = torch.tensor([number if served.known(number) else -1])
            why = served.reasons(known, items)[0] if rows else []
            rows = [{**row, "reason": reason} for row, reason in zip(rows, why, strict=True)]
        how = f"the model's own, tail {tail:g}, at least {tail_share:.0%} tail" if served.known(number) else POPULAR
        return _listed(user, how, rows)

    @app.post("/api/recommend/history", responses=ERRORS)
    def recommend_to_history(wanted: Wanted) -> Listed:
        """A list for somebody who is no user of the model, from what they have."""
        numbers = [served.catalogue.item(item) for item in dict.fromkeys(wanted.history)]
        scores = of_history(turned(round(wanted.tail, 3)), numbers)
        items, values = best_items(scores[None], min(wanted.k, served.num_items))
        rows = []
        why = served.reasons(torch.tensor([-1]), items)[0]
        for rank, (item, score) in enumerate(zip(items[0].tolist(), values[0].tolist(), strict=True), start=1):
            if item >= 0:
                title, group = served.catalogue.titles[item], served.group(item)
                rows.append(
                    {"rank": rank, "item": served.catalogue.item_ids[item], "score": score, "title": title,
                     "group": group, "reason": why[rank - 1]}
                )  # fmt: skip
        return _listed("", "from the items given: the mean of their vectors, or their weights", rows)

    @app.get("/api/explain", responses=ERRORS)
    def why(
        user: UserId, item: ItemId, k: Count = 10, tail: Annotated[float, Query(ge=-2, le=2)] = 0
    ) -> Explained:  # fmt: skip
        """Why the user gets the item, as summands that add up to the score: ``ltgnn explain``, with the dial."""
        if explain is None:
            raise Mistake("this model is served without explanations")
        return Explained(**explain.on(turned(round(tail, 3)))(user, item, k).plain())

    @app.get("/api/similar", responses=ERRORS)
    def similar(item: ItemId, k: Count = 10) -> list[Similar]:
        """Items nearest to one: ``ltgnn similar``."""
        return [Similar(**row) for row in served.similar(item, k).to_dicts()]

    @app.post("/api/search", responses=ERRORS)
    def search(asked: Asked) -> list[Hit]:
        """Items that fit a query: ``ltgnn search``."""
        if find is None:
            raise Mistake("the items of this model have no text to search in")
        return [Hit(**asdict(hit)) for hit in find(asked.query, asked.k, asked.user, asked.taste)]

    return app


def _item(served: Served, item: int) -> Item:
    catalogue = served.catalogue
    return Item(
        item=catalogue.item_ids[item],
        title=catalogue.titles[item],
        group=served.group(item),
        users=int(served.split.train.item_counts[item]),
    )


def _listed(user: str, policy: str, rows: Sequence[Mapping[str, Any]]) -> Listed:
    groups = [row["group"] for row in rows]
    shares = {name: round(groups.count(name) / len(groups), 4) for name in dict.fromkeys(groups)}
    return Listed(user=user, policy=policy, shares=shares, list=[Recommended(**row) for row in rows])


def content_policy(page: str) -> str:
    """A Content-Security-Policy that lets the page's own script and style run and nothing else."""

    def digests(tag: str) -> str:
        blocks = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        made = [base64.b64encode(hashlib.sha256(block.encode()).digest()).decode() for block in blocks]
        return " ".join(f"'sha256-{digest}'" for digest in made)

    return (
        f"default-src 'none'; script-src {digests('script')}; style-src {digests('style')}; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
