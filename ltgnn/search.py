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
from ltgnn.text.queries import TextPart, item_texts, reader, text_part
from ltgnn.trained import load, restore
from ltgnn.types import Mistake

BY = ("words", "text", "model")
TASTE = 0.5
"""Weight of the user's taste where a user is given; chosen on validation pairs, see experiments/search."""

USAGE = f"""usage: ltgnn search run=DIR "QUERY" [KEY=VALUE ...]

Items that fit a query: by words (BM25), by meaning (the run's text encoder), by the model (the query as if it were an
item without buyers: encoder, projector, then the nearest items), fused by reciprocal ranks. Both read the text that the
run's encoder read. A run whose features are no texts (numbers, vectors) is searched by words.

  ltgnn search run=logs/train/runs/X "waterproof hiking socks"
  ltgnn search run=logs/train/runs/X "space adventure" user=42 k=5
  ltgnn search run=logs/train/runs/X "space adventure" by=words,text,model format=json

keys:
  user=ID           reorders what was found by what the model says of this user
  taste={TASTE}         how strongly
  k=10              items shown, up to 1000
  by=words,text     which of words, text, model; default: words and text as far as the run has them
                    (columns: score is the fused one; words is BM25, text and model are cosines)
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
        self.side: Any = instantiate(self.cfg.text)  # what made the item features

    @cached_property
    def by(self) -> tuple[str, ...]:
        """The retrievers in use."""
        if unknown := [name for name in self.asked_by if name not in BY]:
            raise Mistake(f"by={','.join(self.asked_by)}: '{unknown[0]}' is none of {', '.join(BY)}")
        if self.asked_by:
            return self.asked_by
        readable = [name for name, there in (("words", self.texts), ("text", not self.no_meaning)) if there]
        if not readable:
            raise Mistake(f"{self.served.name}: the items have no text, so there is nothing to search in.")
        return tuple(readable)

    @cached_property
    def part(self) -> TextPart | None:
        """The part of the features that encodes texts; None: there is none."""
        return text_part(self.side, self.setting.features)

    @cached_property
    def no_meaning(self) -> str:
        """Why the items cannot be searched by meaning; empty: they can."""
        if self._live is not None:
            return ""
        if self.setting.features is None:
            return "the run was trained with text=none"
        if self.part is None:
            return f"the item features of this run (text={self.cfg.choices.get('text')}) are not made from texts"
        return self.part.refusal

    @cached_property
    def texts(self) -> list[str]:
        """What is searched by words: what the run's encoder reads, else all fields; empty where there are none."""
        return item_texts(self.side, self.setting.dataset, self.cfg.data.get("template"))

    @cached_property
    def read(self) -> Callable[[Sequence[str]], Tensor]:
        """Text -> vector among the item features, by the run's own encoder."""
        live = self._live
        if live is not None:
            read: Callable[[Sequence[str]], Tensor] = live.encoder.read
            return read
        if self.part is None:
            raise Mistake(f"a query cannot be read by meaning: {self.no_meaning}. Search by words: by=words.")
        return reader(self.part, self.setting.dataset, self.setting.split.train.item_counts, self.prompt)

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
            live, part, vectors = self._live, self.part, self.setting.text
            if live is not None:
                vectors = live()
            elif part is None or vectors is None or self.no_meaning:
                raise Mistake(f"by=text reads queries as the run read its items, but {self.no_meaning}: by=words")
            else:
                vectors = vectors[:, part.columns]
            return indexed(self.index, Dense(self.read, vectors.detach()))
        projector = getattr(getattr(self._embedding, "fusion", None), "projector", None)
        if projector is None:
            raise Mistake("by=model needs a fusion that projects text (fusion=sum, gate, text ...): by=words,text")
        if self.no_meaning or (self._live is None and (self.part is None or self.part.side is not self.side)):
            why = self.no_meaning or "its features are of several kinds, and a query has text alone"
            raise Mistake(f"by=model takes the query for an item, but {why}: by=words,text")

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
    if not values["by"] and shop.no_meaning:
        print(f"By words alone: {shop.no_meaning}.", file=sys.stderr)
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
