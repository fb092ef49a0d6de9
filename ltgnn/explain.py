"""Why a user gets an item: ``ltgnn explain run=DIR user=U item=I``."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from ltgnn.command import number, parse
from ltgnn.paths import write_whole
from ltgnn.search import Shop
from ltgnn.serving.explanation import Explainer, Explanation
from ltgnn.serving.linear import LinearScore
from ltgnn.serving.picture import picture
from ltgnn.terminal import literal
from ltgnn.types import Mistake

USAGE = """usage: ltgnn explain run=DIR user=ID item=ID [k=10] [out=FILE.json] [picture=FILE.svg]

The score of an item for a user as summands that add up to it. A LightGCN is linear in its first state, so that its
score splits exactly into what each item of the user's history adds, and each of these into ids and text. EASE and
neighbours split over the history, dials are summands of their own, an ensemble splits over its members. A model that is
no such sum (a sequence model, LayerGCN) says why.

  ltgnn explain run=logs/train/runs/X user=196 item=50
  ltgnn explain run=logs/train/runs/X user=196 item=50 out=why.json picture=why.svg

keys:
  k=10           summands shown; the others are one line, so that the lines add up
  out=FILE       .json
  picture=FILE   .svg: the user, the history, the item
"""

NOTES = {
    "Concat": "fusion=concat: the bias, the same for all items, counts with the ids.",
    "Gate": "fusion=gate: the gate is held where it is; g times the id counts as ids, (1 - g) times the text as text.",
    "PopularityGate": "fusion=popularity_gate: its weights depend on counts alone and are held.",
    "Attention": "fusion=attention: the attention is held where it is.",
    "Init": "fusion=init: the ids started from the text and were trained since; all counts as ids.",
}


def explainer(shop: Shop) -> Explainer:
    """Of a finished run that is open; what cannot be split says so when it is asked."""
    fields = shop.setting.dataset.item_fields
    texts = shop.texts if fields else []
    if shop.module is None:
        return Explainer(shop.served, None, texts)
    module = shop.module
    judging = next((name for name, loss in module.losses.items() if hasattr(loss, "at_ranking")), None)
    if judging is not None:
        kind = type(module.losses[judging]).__name__
        return Explainer(shop.served, None, texts, refusal=f"loss {kind} changes the scores when it ranks: no sum.")
    scoring = module.score.scoring
    if scoring.aggregation is not None:
        refusal = "score=tag mixes the states of neighbours after training: not split into summands yet."
        return Explainer(shop.served, None, texts, refusal=refusal)
    try:
        linear = LinearScore(module.encoder, module.graph, scoring.norm_power)
    except Mistake as mistake:
        return Explainer(shop.served, None, texts, refusal=str(mistake))
    fusion = getattr(getattr(module.encoder, "encoder", module.encoder), "embedding").fusion  # noqa: B009
    return Explainer(shop.served, linear, texts, NOTES.get(type(fusion).__name__, ""))


def main(argv: Sequence[str] | None = None) -> int:
    """``ltgnn explain``; prints the tables, or writes them."""
    known = {"run": None, "user": None, "item": None, "k": "10", "out": "", "picture": ""}
    found = parse(sys.argv[1:] if argv is None else argv, known, USAGE)
    if found is None:
        return 0
    values, _ = found
    for key, ending in (("out", ".json"), ("picture", ".svg")):
        if values[key] and not values[key].endswith(ending):
            raise Mistake(f"{key}={values[key]} given, a file that ends in {ending} wanted.")
    k = number(values, "k")
    explanation = explainer(Shop(values["run"]))(values["user"], values["item"], k)
    if values["out"]:
        write_whole(Path(values["out"]), json.dumps(explanation.plain(), indent=1, ensure_ascii=False) + "\n")
    if values["picture"]:
        write_whole(Path(values["picture"]), picture(explanation))
    show(explanation)
    return 0


def show(found: Explanation) -> None:
    """The summands with their sum, then what reads alike. Raw text is never read as the terminal's markup."""
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
    if found.alike:
        near = Table(title="Of the history, reads alike", title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
        for name in ("cosine", "item", "title", "words of both"):
            near.add_column(name, justify="right" if name == "cosine" else "left")
        for alike in found.alike:
            cosine = "" if alike.cosine is None else f"{alike.cosine:.4f}"
            near.add_row(cosine, *map(literal, (alike.item, alike.title, ", ".join(alike.words))))
        console.print(near)
    if found.note:
        console.print(literal(found.note))


if __name__ == "__main__":
    raise SystemExit(main())
