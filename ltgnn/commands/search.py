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

Items that fit a query: by words (BM25), by meaning (the run's text encoder), by the model (the query as if it were an
item without buyers: encoder, projector, then the nearest items), fused by reciprocal ranks. Both read the text that the
run's encoder read. A run whose features are no texts (numbers, vectors) has keyword search only.

  ltgnn search run=logs/train/runs/X "waterproof hiking socks"
  ltgnn search run=logs/train/runs/X "space adventure" user=42 k=5
  ltgnn search run=logs/train/runs/X "space adventure" by=words,text,model format=json

keys:
  user=ID           reranks the results by the model's scores for this user
  taste={TASTE}         how strongly
  k=10              items shown, up to 1000
  by=words,text     which of words, text, model; default: words and text as far as the run has them
                    (columns: score is the fused one; words is BM25, text and model are cosines)
  index=exact       or usearch, faiss: approximate (extra `index`); prints its recall against exact search
  prompt=TEXT       before the query, where the encoder expects another than before an item
  format=table      or json
"""

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
    found = shop.find(values["query"], number(values, "k"), values["user"] or None, real(values, "taste"))
    if choice(values, "format", ("table", "json")) == "json":
        print(json.dumps([vars(hit) for hit in found], indent=1, ensure_ascii=False))
        return 0
    if not values["by"] and shop.no_meaning:
        print(f"Keyword search only: {shop.no_meaning}.", file=sys.stderr)
    show(found, shop.by)
    return 0


def real(values: Mapping[str, str], key: str) -> float:
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
