"""Item features out of vectors that came with the data set, such as images of MMRec's data sets."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor

from ltgnn.features.blocks import as_block
from ltgnn.features.item_features import FeatureSource
from ltgnn.features.steps import apply_steps
from ltgnn.features.store import key_of
from ltgnn.features.transform import Step
from ltgnn.types import Dataset, Features, UserError


class DatasetVectors(FeatureSource):
    """``Dataset.item_vectors`` as features, several kinds side by side in the order of ``names``.

    ``names``: which of them, or None for all, by name. An item has no vector where its row is nan or all zeros; such
    rows become zeros, and the card counts them by name (``missing``). They are in memory with the data set, so nothing
    is kept in the feature store.
    """

    def __init__(self, names: Sequence[str] | None, control: Step, transform: Step) -> None:
        self.names, self.control, self.transform = names, control, transform

    def __call__(self, dataset: Dataset, counts: Tensor) -> Features:
        raw = self.raw(dataset)
        what = f"vectors of {dataset.name}"
        return apply_steps(raw, counts, self.control, self.transform, what=what, items=dataset.item_ids)

    def chosen(self, dataset: Dataset) -> list[str]:
        """The names of the vectors, in their order; ``UserError`` for one that is not there."""
        known = dataset.item_vectors
        names = sorted(known) if self.names is None else list(self.names)
        if not names or not set(names) <= set(known):
            given = "all" if self.names is None else f"[{','.join(names)}]"
            raise UserError(
                f"features.names={given}, but the vectors that came with {dataset.name} are: "
                f"{', '.join(sorted(known)) or 'none'}; set features.names to some of them"
                + ("" if known else ", or another features=")
            )
        return names

    def raw(self, dataset: Dataset) -> Features:
        """The vectors as they came, before control and transform.  [I, D1 + D2 + ...]"""
        names = self.chosen(dataset)
        found = [dataset.item_vectors[name].float() for name in names]
        absent = [rows.isnan().all(1) | (rows == 0).all(1) for rows in found]
        values = torch.cat(
            [rows.masked_fill(none[:, None], 0) for rows, none in zip(found, absent, strict=True)], dim=1
        )
        identity = {
            "class": "DatasetVectors",
            "vectors": names,
            "values": hashlib.sha256(values.contiguous().numpy().tobytes()).hexdigest(),
        }
        card = {
            "key": key_of(identity, []),
            "identity": identity,
            "shape": list(values.shape),
            "vectors": {name: rows.shape[1] for name, rows in zip(names, found, strict=True)},
            "missing": {name: int(none.sum()) for name, none in zip(names, absent, strict=True)},
        }
        return as_block(Features(values, card), "vectors", ~torch.stack(absent).all(0))
