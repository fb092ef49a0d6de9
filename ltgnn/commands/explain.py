"""Why a user gets an item: ``ltgnn explain run=DIR user=U item=I``."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ltgnn.config.arguments import number, parse
from ltgnn.config.paths import write_whole
from ltgnn.inference.explanation.explainer import Explanation
from ltgnn.inference.explanation.kind_shares import KindShares
from ltgnn.inference.explanation.open_explainer import explainer
from ltgnn.inference.explanation.picture import picture
from ltgnn.inference.explanation.terms import ABOUT
from ltgnn.inference.open_run import OpenRun
from ltgnn.io.terminal import literal
from ltgnn.types import UserError

if TYPE_CHECKING:
    from rich.console import Console

USAGE = """usage: ltgnn explain run=DIR user=ID item=ID [k=10] [out=FILE.json]
                     [picture=FILE.svg]

The score of an item for a user as summands that add up to it. A LightGCN is
linear in its first state, so that its score splits exactly into what each item
of the user's history adds, and each of these into ids and features. EASE and
neighbours split over the history, score adjustments are summands of their own,
an ensemble splits over its members. Of a model with convolutions (model=pyg)
the lines say what the messages between the user and each item change, by
gradients, and only come near the score. A model whose score is neither (a
sequence model, LayerGCN) reports why.

Where a trained model reads item features, a second table has what the id and
each kind of features (text, images, numbers ...) add: exactly, if the model is
linear in them, else the score less that of the item without the kind.

  ltgnn explain run=logs/train/runs/X user=196 item=50
  ltgnn explain run=logs/train/runs/X user=196 item=50 picture=why.svg

keys:
  k=10           summands shown; the others are one line, so that the lines add
                 up
  out=FILE       .json
  picture=FILE   .svg: the user, the history, the item
"""


def main(argv: Sequence[str] | None = None) -> int:
    """``ltgnn explain``; prints the tables, or writes them."""
    known = {"run": None, "user": None, "item": None, "k": "10", "out": "", "picture": ""}
    found = parse(sys.argv[1:] if argv is None else argv, known, USAGE)
    if found is None:
        return 0
    values, _ = found
    for key, ending in (("out", ".json"), ("picture", ".svg")):
        if values[key] and not values[key].endswith(ending):
            raise UserError(f"{key}={values[key]} given, a file that ends in {ending} wanted.")
    k = number(values, "k")
    explanation = explainer(OpenRun(values["run"]))(values["user"], values["item"], k)
    if values["out"]:
        write_whole(Path(values["out"]), json.dumps(explanation.to_dict(), indent=1, ensure_ascii=False) + "\n")
    if values["picture"]:
        write_whole(Path(values["picture"]), picture(explanation))
    show(explanation)
    return 0


def show(found: Explanation) -> None:
    """The summands with their sum, then similar items. Raw text is never interpreted as markup."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    place = "the user has it already" if found.rank is None else f"place {found.rank:,} of the user's candidates"
    title = f"User {found.user}, item {found.item} {found.title} ({found.group}): score {found.score:.4f}, {place}"
    columns = list(found.by)
    table = Table(title=literal(title), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1))
    table.add_column("adds", justify="right", no_wrap=True)
    for name in columns if len(columns) > 1 else []:
        table.add_column(literal(name), justify="right", no_wrap=True)
    table.add_column("item")
    table.add_column("title")
    table.add_column("group")

    def row(value: float, by: dict[str, float], *words: str) -> None:
        split = [f"{by[name]:+.4f}" if name in by else "" for name in columns] if len(columns) > 1 else []
        table.add_row(f"{value:+.4f}", *split, *map(literal, words))

    for line in found.lines:
        row(line.value, line.by, line.item, line.title, line.group)
    table.add_section()
    row(found.total, found.by, "", "together", "")
    console = Console()
    if not console.is_terminal:
        console.width = 160
    console.print(table)
    together = "are the score" if found.sums else f"come near the score, which is {found.score:.4f}"
    print(f"adds: what the line adds to the score; the lines together {together} ({found.total:.4f}).")
    for name in columns:
        if name in ABOUT and len(columns) > 1:
            print(f"{name}: {ABOUT[name]}")
    if found.kinds is not None:
        show_kinds(found.kinds, console)
    if found.alike:
        near = Table(
            title="Similar items in the history", title_justify="left", title_style="bold", box=box.SIMPLE_HEAD
        )
        for name in ("cosine", "item", "title", "shared words"):
            near.add_column(name, justify="right" if name == "cosine" else "left")
        for alike in found.alike:
            cosine = "" if alike.cosine is None else f"{alike.cosine:.4f}"
            near.add_row(cosine, *map(literal, (alike.item, alike.title, ", ".join(alike.words))))
        console.print(near)
    if found.note:
        console.print(literal(found.note))


def show_kinds(kinds: KindShares, console: Console) -> None:
    """What each kind of features adds, with the sum where there is one."""
    from rich import box
    from rich.table import Table

    table = Table(
        title="By kind of item features", title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1)
    )
    split = any(share.direct is not None for share in kinds.shares)
    heads = ["adds", *(["direct", "neighbours"] if split else [])]
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("kind")

    def row(name: str, *values: float | None) -> None:
        cells = ["" if value is None else f"{value:+.4f}" for value in values]
        table.add_row(*cells, *[""] * (len(heads) - len(cells)), literal(name))

    for share in kinds.shares:
        row(share.name, *((share.value, share.direct, share.neighbours) if split else (share.value,)))
    if kinds.sums:
        table.add_section()
        row("together", sum(share.value for share in kinds.shares))
    console.print(table)
    console.print(literal(kinds.rule))


if __name__ == "__main__":
    raise SystemExit(main())
