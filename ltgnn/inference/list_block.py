"""Lists of some users as a frame, a row for each listed item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor

from ltgnn.inference.catalogue import Catalogue
from ltgnn.inference.reasons import Reasons
from ltgnn.types import Groups, short_repr

if TYPE_CHECKING:
    import polars as pl


class ItemDescriptions(Protocol):
    """What a frame says of each item; ``ltgnn.inference.served_model.ServedModel`` has it."""

    @property
    def catalogue(self) -> Catalogue: ...

    @property
    def groups(self) -> Groups: ...

    @property
    def reasons(self) -> Reasons: ...


@dataclass(frozen=True)
class ListBlock:
    """Lists of some users."""

    names: list[str]
    users: Tensor  # [n] numbers, -1 where the list is that of an unknown user
    lists: tuple[Tensor, Tensor] | None  # items [n, k], -1 past the end; scores [n, k]

    __repr__ = short_repr

    def frame(self, served: ItemDescriptions, reasons: bool = True) -> pl.DataFrame:
        """A row for each item of each list."""
        import polars as pl

        items, scores = self.lists or (torch.empty(0, 1, dtype=torch.int64), torch.empty(0, 1))
        n, k = items.shape
        filled = (items >= 0).flatten()
        flat, mask = items.flatten()[filled], pl.Series(filled.numpy(), dtype=pl.Boolean)
        why = [text for row in served.reasons(self.users, items) for text in row] if reasons else [""] * (n * k)
        groups = served.groups.labels[flat].tolist()
        titles, ids = served.catalogue.titles, served.catalogue.item_ids
        columns = {
            "user": pl.Series([name for name in self.names for _ in range(k)], dtype=pl.String).filter(mask),
            "rank": pl.Series(torch.arange(1, k + 1).repeat(n)[filled].numpy(), dtype=pl.Int32),
            "item": pl.Series([ids[item] for item in flat.tolist()], dtype=pl.String),
            "score": pl.Series(scores.flatten()[filled].numpy(), dtype=pl.Float32),
            "title": pl.Series([titles[item] for item in flat.tolist()], dtype=pl.String),
            "group": pl.Series([served.groups.names[label] for label in groups], dtype=pl.String),
            "reason": pl.Series(why, dtype=pl.String).filter(mask),
        }
        return pl.DataFrame(columns if reasons else {name: c for name, c in columns.items() if name != "reason"})
