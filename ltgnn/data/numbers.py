"""Numbers of items (price, rating ...) as features, standardised with train statistics."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ltgnn.types import Dataset, Features, Mistake


def standardised(dataset: Dataset, counts: Tensor, names: Sequence[str], log1p: Sequence[str] = ()) -> Features:
    """Columns with mean 0 and deviation 1 over the items with a train interaction; missing values are 0, the mean.

    ``counts`` [I]: train interactions per item. Numbers in ``log1p`` (prices) go through ``log(1 + x)`` first.
    Returns values [I, len(names)].
    """
    columns, card = [], {}
    for name in names:
        if name not in dataset.item_numbers:
            known = ", ".join(dataset.item_numbers) or "none"
            raise Mistake(
                f"The items of {dataset.name} have no number {name!r} (they have: {known}); set item_numbers."
            )
        values = dataset.item_numbers[name].double()
        values = torch.log1p(values) if name in log1p else values
        train = values[(counts > 0) & torch.isfinite(values)]
        if not train.numel():
            raise Mistake(f"The number {name!r} of {dataset.name} is missing for every item in train.")
        mean, deviation = float(train.mean()), float(train.std(correction=0))
        scaled = (values - mean) / (deviation or 1.0)
        columns.append(torch.where(torch.isfinite(scaled), scaled, 0.0).float())
        card[name] = {
            "mean in train": mean,
            "deviation in train": deviation,
            "missing": int((~torch.isfinite(values)).sum()),
            "log1p": name in log1p,
        }
    return Features(torch.stack(columns, 1), {"numbers": card})
