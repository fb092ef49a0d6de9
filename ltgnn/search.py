"""Search in the catalogue of a finished run: ``ltgnn search run=DIR "QUERY"``."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from hydra.utils import instantiate
from torch import Tensor

from ltgnn.build import is_closed_form
from ltgnn.command import choice, number, parse
from ltgnn.served import finished, served
from ltgnn.serving.fusing import ReciprocalRank
from ltgnn.serving.index import indexed
from ltgnn.serving.lexical import Words
from ltgnn.serving.retrieval import Dense, Hit, Retriever, Search
from ltgnn.serving.served import Served
from ltgnn.terminal import literal
from ltgnn.text.queries import reader
from ltgnn.text.template import render
from ltgnn.trained import load, restore
from ltgnn.types import Mistake

BY = ("words", "text", "model")
TASTE = 0.5
"""Weight of the user's taste where a user is given; chosen on validation pairs, see experiments/search."""

USAGE = f"""usage: ltgnn search run=DIR "QUERY" [KEY=VALUE ...]

Items that fit a query: by words (BM25), by meaning (the run's text encoder), by the model (the query as if it were an
item without buyers: encoder, projector, then the nearest items), fused by reciprocal ranks.

  ltgnn search run=logs/train/runs/X "waterproof hiking socks"
  ltgnn search run=logs/train/runs/X "space adventure" user=42 k=5
  ltgnn search run=logs/train/runs/X "space adventure" by=words,text,model format=json

keys:
  user=ID           reorders what was found by what the model says of this user
  taste={TASTE}         how strongly
  k=10              items shown, up to 1000
  by=words,text     which of words, text, model; default: words and text as far as the run has them
  index=exact       or usearch, faiss: approximate (extra `index`); prints its recall against exact search
  prompt=TEXT       before the query, where the encoder wants another than before an item
  format=table      or json
"""

DEFAULTS: dict[str, str | None] = {
    "run": None, "query": "", "user": "", "taste": str(TASTE), "k": "10", "by": "", "index": "exact",
    "prompt": "", "format": "table",
}  # fmt: skip


@dataclass(frozen=True)
class Found:
    """One hit with what there is to say of it; plain values."""

    rank: int
    item: str
    score: float
    title: str
    group: str
    by: dict[str, float]


class Shop:
    """A finished run with its search: what the command and the page ask."""

    def __init__(self, path: str, by: Sequence[str] = (), index: str = "exact", prompt: str | None = None) -> None:
        self.run, self.cfg, self.setting = finished(path)
        cpu = torch.device("cpu")
        self.module: Any = None
        if is_closed_form(self.cfg):
            scorer, _ = restore(self.cfg, self.setting, self.run, cpu)
        else:
            self.module = load(self.cfg, self.setting, self.run, cpu)
            scorer = self.module.scorer(self.setting.evaluators.get("val"))
        self.served: Served = served(self.run, self.cfg, self.setting, scorer)
        self.asked_by, self.index, self.prompt = tuple(by), index, prompt

    @cached_property
    def by(self) -> tuple[str, ...]:
        """The retrievers in use."""
        if unknown := [name for name in self.asked_by if name not in BY]:
            raise Mistake(f"by={','.join(self.asked_by)}: '{unknown[0]}' is none of {', '.join(BY)}")
        if self.asked_by:
            return self.asked_by
        readable = [name for name, there in (("words", self.texts), ("text", self.setting.text is not None)) if there]
        if not readable:
            raise Mistake(f"{self.served.name}: the items have no text, so there is nothing to search in.")
        return tuple(readable)

    @cached_property
    def texts(self) -> list[str]:
        """What is searched by words: the template of the run filled, else all fields; empty where there are none."""
        fields = self.setting.dataset.item_fields
        template = self.cfg.data.get("template") or ". ".join(f"{{{name}}}" for name in fields)
        return render(template, fields) if fields else []

    @cached_property
    def read(self) -> Callable[[Sequence[str]], Tensor]:
        """Text -> vector among the item features, by the run's own encoder."""
        live = self._live
        if live is not None:
            read: Callable[[Sequence[str]], Tensor] = live.encoder.read
            return read
        return reader(instantiate(self.cfg.text), self.setting.dataset, self.counts, self.prompt)

    @property
    def counts(self) -> Tensor:
        return self.setting.split.train.item_counts

    @cached_property
    def search(self) -> Search:
        return Search({name: self._retriever(name) for name in self.by}, ReciprocalRank())

    def find(self, query: str, k: int = 10, user: str | None = None, taste: float = TASTE) -> list[Found]:
        """The ``k`` items that fit best; with a known user reordered by the user's taste."""
        liked = None if user is None else self.taste(self.served.catalogue.user(user))
        return [self.shown(rank, hit) for rank, hit in enumerate(self.search(query, k, liked, taste), start=1)]

    def taste(self, user: int) -> Tensor:
        """The model's scores of all items for one user.  [I]"""
        with torch.no_grad():
            return self.served.scorer(torch.tensor([user]))[0].float().clone()

    def shown(self, rank: int, hit: Hit) -> Found:
        catalogue = self.served.catalogue
        return Found(
            rank, catalogue.item_ids[hit.item], hit.score, catalogue.titles[hit.item], self.served.group(hit.item),
            dict(hit.by),
        )  # fmt: skip

    def _retriever(self, name: str) -> Retriever:
        if name == "words":
            if not self.texts:
                raise Mistake("by=words: the items of this run have no text; give data with item_fields")
            return Words(self.texts)
        if name == "text":
            live = self._live
            vectors = self.setting.text if live is None else live()
            if vectors is None:
                raise Mistake("by=text needs item text, but the run was trained with text=none: by=words")
            return indexed(self.index, Dense(self.read, vectors.detach()))
        projector = getattr(getattr(self._embedding, "fusion", None), "projector", None)
        if projector is None:
            raise Mistake("by=model needs a fusion that projects text (fusion=sum, gate, text ...): by=words,text")

        def project(texts: Sequence[str]) -> Tensor:
            with torch.no_grad():
                projected: Tensor = projector(self.read(texts))
            return projected

        return Dense(project, self.module.encoded().items[:, : self._embedding.dim])

    @property
    def _embedding(self) -> Any:
        encoder = getattr(self.module, "encoder", None)
        return getattr(encoder, "embedding", None) or getattr(getattr(encoder, "encoder", None), "embedding", None)

    @property
    def _live(self) -> Any:
        text = getattr(self._embedding, "text", None)
        return text if isinstance(text, torch.nn.Module) else None


def main(argv: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if argv is None else argv)
    words = [w for w in given if w.partition("=")[0] not in DEFAULTS and w not in ("-h", "--help")]
    if len(words) > 1:
        raise Mistake(f"'{words[1]}' is not understood: put the query between quotes. `ltgnn search --help`")
    parsed = parse([*(w for w in given if w not in words), *(f"query={w}" for w in words)], DEFAULTS, USAGE)
    if parsed is None:
        return 0
    values, _ = parsed
    shop = Shop(values["run"], [b for b in values["by"].split(",") if b], values["index"], values["prompt"] or None)
    found = shop.find(values["query"], number(values, "k"), values["user"] or None, real(values, "taste"))
    if choice(values, "format", ("table", "json")) == "json":
        print(json.dumps([vars(hit) for hit in found], indent=1, ensure_ascii=False))
        return 0
    show(found, shop.by)
    return 0


def real(values: Mapping[str, str], key: str) -> float:
    """A finite number."""
    try:
        found = float(values[key])
    except ValueError:
        found = float("nan")
    if not abs(found) < float("inf"):
        raise Mistake(f"{key}={values[key]} given, a number wanted.")
    return found


def show(found: Sequence[Found], by: Sequence[str]) -> None:
    """The hits as a table; a blank where a retriever did not find the item."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    if not found:
        print(f"Nothing found (by {', '.join(by)}).")
        return
    table = Table(box=box.SIMPLE_HEAD)
    for name, right in (("#", True), ("item", False), ("title", False), ("group", False), ("score", True)):
        table.add_column(name, justify="right" if right else "left")
    for name in by:
        table.add_column(name, justify="right")
    for hit in found:
        cells = [f"{hit.by[name]:.3f}" if name in hit.by else "" for name in by]
        table.add_row(str(hit.rank), *map(literal, (hit.item, hit.title, hit.group)), f"{hit.score:.4f}", *cells)
    console = Console()
    if not console.is_terminal:
        console.width = 160
    console.print(table)


if __name__ == "__main__":
    raise SystemExit(main())
