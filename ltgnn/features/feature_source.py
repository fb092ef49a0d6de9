"""What every part of the config group ``features`` is."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from torch import Tensor

from ltgnn.types import Dataset, Features

if TYPE_CHECKING:
    from ltgnn.features.item_features import ItemText


class FeatureSource:
    """Base of what a yaml of the group ``features`` builds. A subclass gives ``__call__``."""

    gives_features: ClassVar[bool] = True

    @abstractmethod
    def __call__(self, dataset: Dataset, counts: Tensor) -> Features | None:
        """``counts`` [I]: train interactions per item; transforms are fitted where it is above 0."""
        raise NotImplementedError

    @property
    def item_text(self) -> ItemText | None:
        """The part that encodes the texts of the items, all of it or one of several; None: there is none."""
        return None

    @property
    def fields(self) -> Sequence[str]:
        """The item fields that it reads besides those of a template, for the leak audit."""
        return ()

    def text_columns(self, features: Features) -> slice | None:
        """The columns of the ``features`` that it made which ``item_text`` gave; None: none of them."""
        return None
