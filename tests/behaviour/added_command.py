"""Users and items of a finished run: ``ltgnn sizes run=DIR``, the command that CONTRIBUTING.md adds."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import ltgnn
from ltgnn.config.arguments import parse

USAGE = "usage: ltgnn sizes run=DIR"


def main(argv: Sequence[str] | None = None) -> int:
    """``ltgnn sizes``; prints a line."""
    found = parse(sys.argv[1:] if argv is None else argv, {"run": None}, USAGE)
    if found is None:
        return 0
    catalogue = ltgnn.load(found[0]["run"]).catalogue
    print(f"{len(catalogue.user_ids)} users, {len(catalogue.item_ids)} items")
    return 0
