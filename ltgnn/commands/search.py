"""Search in the catalogue of a finished run: ``ltgnn search run=DIR "QUERY"``."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence

from ltgnn.config.arguments import choice, number, parse
from ltgnn.inference.open_run import OpenRun
from ltgnn.inference.search.result import TASTE, SearchResult
from ltgnn.io.terminal import literal
from ltgnn.types import UserError

USAGE = f"""usage: ltgnn search run=DIR "QUERY" [KEY=VALUE ...]

Items that fit a query: by words (BM25), by meaning (the run's text encoder), by
the model (the query as if it were an item without buyers: encoder, projector,
then the nearest items), fused by reciprocal ranks. Both read the text that the
run's encoder read. A run whose features are not text (numbers, vectors) has
keyword search only.

  ltgnn search run=logs/train/runs/X "waterproof hiking socks"
  ltgnn search run=logs/train/runs/X "space adventure" user=42 k=5
  ltgnn search run=logs/train/runs/X "space adventure" by=words format=json

keys:
  user=ID           reranks the results by the model's scores for this user
  taste={TASTE}         how strongly
  k=10              items shown, up to 1000
  by=words,text     which of words, text, model; default: words and text as far
                    as the run has them
  index=exact       or usearch, faiss: approximate (extra `index`); prints its
                    recall against exact search
  prompt=TEXT       before the query, where the encoder expects another than
                    before an item
  format=table      or json
"""

ABOUT = {
    "words": "words of the query in the item's text, rare ones count more (BM25)",
    "text": "similarity of meaning: cosine of query and text by the run's encoder",
    "model": "similarity in the model: cosine with the query as if it were an item",
    "taste": "what the model's scores for this user add to the score, from the mean of the items found",
}
"""What the columns of a result are."""

DEFAULTS: dict[str, str | None] = {
    "run": None, "query": "", "user": "", "taste": str(TASTE), "k": "10", "by": "", "index": "exact",
    "prompt": "", "format": "table",
}  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if argv is None else argv)
    words = [w for w in given if w.partition("=")[0] not in DEFAULTS and w not in ("-h", "--help")]
    if len(words) > 1:
        raise UserError(f"'{words[1]}' is not understood: put the query in quotes. `ltgnn search --help`")
    parsed = parse([*(w for w in given if w not in words), *(f"query={w}" for w in words)], DEFAULTS, USAGE)
    if parsed is None:
        return 0
    values, _ = parsed
    shop = OpenRun(values["run"], [b for b in values["by"].split(",") if b], values["index"], values["prompt"] or None)
    found = shop.find(values["query"], number(values, "k"), values["user"] or None, parse_number(values, "taste"))
    if choice(values, "format", ("table", "json")) == "json":
        print(json.dumps([vars(hit) for hit in found], indent=1, ensure_ascii=False))
        return 0
    if not values["by"] and shop.no_meaning:
        print(f"Keyword search only: {shop.no_meaning}.", file=sys.stderr)
    show(found, shop.by)
    return 0


def parse_number(values: Mapping[str, str], key: str) -> float:
    """A finite number."""
    try:
        found = float(values[key])
    except ValueError:
        found = float("nan")
    if not abs(found) < float("inf"):
        raise UserError(f"{key}={values[key]} given, a number wanted.")
    return found


def show(found: Sequence[SearchResult], by: Sequence[str]) -> None:
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
    columns = [*by, *(["taste"] if any("taste" in hit.by for hit in found) else [])]
    for name in columns:
        table.add_column(name, justify="right")
    for hit in found:
        cells = [f"{hit.by[name]:.3f}" if name in hit.by else "" for name in columns]
        table.add_row(str(hit.rank), *map(literal, (hit.item, hit.title, hit.group)), f"{hit.score:.4f}", *cells)
    console = Console()
    if not console.is_terminal:
        console.width = 160
    console.print(table)
    for line in captions(columns):
        print(line)


def captions(columns: Sequence[str]) -> list[str]:
    """What each column of numbers is; ``columns``: those beside the score."""
    by_taste = "taste" in columns
    found = " and ".join(name for name in columns if name != "taste")
    first = f"score: how well the item fits by {found}"
    first += ", and the user's taste" if by_taste else " (sum of 1 / (60 + place) over these rankings)"
    return [first, *(f"{name}: {ABOUT[name]}" for name in columns if name in ABOUT)]


if __name__ == "__main__":
    raise SystemExit(main())
