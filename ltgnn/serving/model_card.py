"""The model card: what a person should know before serving an exported model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ltgnn.io.pluralize import pluralize
from ltgnn.scoring.scorers import ScoreTable

if TYPE_CHECKING:
    from ltgnn.inference.served_model import ServedModel

SHOWN = ("ndcg@20", "recall@20", "coverage@20")


def model_card(served: ServedModel, parts: Sequence[ScoreTable]) -> str:
    """Markdown: what it is, what it was trained on, how good it is on whom, how to call it, where not to trust it."""
    train, card = served.split.train, served.card
    sizes = ", ".join(f"{name} {size:,}" for name, size in served.groups.sizes.items())
    lines = [
        f"# {served.name}",
        "",
        "A recommender made with the Python package ltgnn, as plain files.",
        "",
        "## Trained on",
        "",
        f"- data: {card.get('data', 'unknown')}; licence: {card.get('licence') or 'not stated'}",
        f"- {pluralize(train.num_users, 'user')}, {pluralize(train.num_items, 'item')}, "
        f"{pluralize(len(train), 'train pair')}; split: {served.split.name}",
        f"- item features: {_features(card)}",
        f"- groups ({served.groups.rule}): {sizes}",
        "",
        "## Score",
        "",
        *[f"- {table.description()}" for table in parts],
        f"- {int(served.scorable.sum()):,} of {pluralize(train.num_items, 'item')} can be recommended",
        "",
        "## Test part, full ranking",
        "",
        *_numbers(served),
        "",
        "## Use",
        "",
        "```python",
        "import ltgnn",
        "",
        'model = ltgnn.load("THIS FOLDER")',
        f"model.recommend([{', '.join(map(repr, list(served.catalogue.user_ids[:2])))}], k=10)  # a polars table",
        f"model.similar({served.catalogue.item_ids[0]!r}, k=5)" if served.catalogue.item_ids else "",
        "```",
        "",
        "Lists exclude the items of train and validation pairs. Unknown users receive the most popular items.",
        "",
        "## Limits",
        "",
        "- Trained on past behaviour: it repeats what was popular; see the numbers by group above.",
        "- Users and items that came later are not in it: fold them in (`ltgnn update`) or train again.",
        "- The folder holds the users' interactions and ids: it is as confidential as the data.",
    ]
    return "\n".join(lines) + "\n"


def _features(card: Mapping[str, Any]) -> str:
    """What made the item features, and whether the scores rest on them."""
    if not (features := card.get("features", card.get("text"))):  # the latter: an older export
        return "none"
    return str(features) + ("" if card.get("reads_features", True) else " (there, but not read by the score)")


def _numbers(served: ServedModel) -> list[str]:
    test = served.card.get("test") or {}
    columns = [name for name in SHOWN if name in test]
    if not columns:
        return ["not measured"]
    rows = [("all", ""), *((group, f"{served.groups.policy}/{group}/") for group in served.groups.names)]
    table = [f"| group | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for name, prefix in rows:
        cells = [f"{test[prefix + c]:.4f}" if prefix + c in test else "" for c in columns]
        if any(cells):
            table.append(f"| {name} | {' | '.join(cells)} |")
    return table
