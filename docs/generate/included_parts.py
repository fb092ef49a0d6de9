"""What is included, on one table: options by kind, each with its source. ``python -m docs.generate.included_parts``."""

from __future__ import annotations

from docs.generate.metrics import metrics
from docs.generate.tables import table
from ltgnn.commands.models import options

KINDS = {
    "models": ("model",),
    "fusions": ("fusion",),
    "losses": ("loss",),
    "samplers": ("sampler",),
    "graphs": ("graph", "graph/normalisation"),
    "score adjustments": ("score",),
    "text and other features": ("features",),
    "data sets and formats": ("data",),
    "splits": ("split",),
}
"""What a reader calls it -> the config groups that have it."""


def block() -> str:
    """A row for each kind, its options with their sources; then the metrics."""
    rows = []
    for kind, groups in KINDS.items():
        listed = [
            f"`{one.option}`" + (f" ({one.source})" if one.source else "")
            for group in groups
            for one in options(group)
            if one.option not in ("base", "none")
        ]
        rows.append([kind, ", ".join(listed)])
    rows.append(["metrics", ", ".join(f"`{name}`" for name in dict.fromkeys(one.name for one in metrics()))])
    return table(("kind", "included"), rows)


if __name__ == "__main__":
    print(block())
