"""Views differ by what happens between layers: a model without layers has none."""

from __future__ import annotations

from ltgnn.types import Encoded, UserError


def need_layers(main: Encoded, views: str) -> None:
    """Refuse a contrast of a model with itself."""
    if len(main.layers) < 2:
        raise UserError(
            f"views={views} differ by what happens between the layers, but this model has none (model=mf, "
            "num_layers=0, or a sequence model): both views would be the same. Set views=clean, or model=lightgcn "
            "num_layers=2."
        )
