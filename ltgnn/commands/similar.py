"""Similar items: ``ltgnn similar ITEM run=DIR``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import ltgnn
from ltgnn.config.arguments import choice, number, parse
from ltgnn.serving.list_output import show

USAGE = """usage: ltgnn similar ITEM run=DIR [k=10] [by=auto|model|features|users]

The most similar items by cosine: of the vectors that rank (model), of the
features, or of the sets of users.

example:
  ltgnn similar 50 run=logs/train/runs/2026-11-24_model k=5 by=features

keys:
  ITEM       id of the item
  run=DIR    a finished run, or what ltgnn export wrote
  k=10       how many
  by=auto    the first of model, features, users that this model has"""


def main(argv: Sequence[str] | None = None) -> int:
    """``ltgnn similar``; prints a table."""
    known = {"run": None, "item": None, "k": "10", "by": "auto"}
    found = parse(sys.argv[1:] if argv is None else argv, known, USAGE, positional="item")
    if found is None:
        return 0
    values, _ = found
    by = choice(values, "by", ("auto", "model", "features", "users"))
    k = number(values, "k")
    model = ltgnn.load(values["run"])
    item = model.catalogue.item(values["item"])
    frame = model.similar(values["item"], k, None if by == "auto" else by)  # type: ignore[arg-type]
    used = frame["by"][0] if frame.height else by
    show(
        frame.drop("by"), f"Similar to {values['item']} {model.catalogue.titles[item]} ({model.group(item)}), by {used}"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
