"""The summands of a cosine: those of the inner product with the item's unit vector, over the length of the user's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from ltgnn.types import KindTerms, LinearTerms, Term


@dataclass(frozen=True)
class CosineTerms:
    """``inner`` splits ``<u, i> / |i|``."""

    inner: LinearTerms
    users: Tensor  # [U, d] final states

    @property
    def note(self) -> str:
        return self.inner.note

    def terms(self, user: int, item: int) -> list[Term]:
        return self.scaled(self.inner.terms(user, item), user)

    def kind_terms(self, user: int, item: int, columns: Mapping[str, slice]) -> list[Term] | None:
        """Those of ``inner``, where it has such."""
        found = self.inner.kind_terms(user, item, columns) if isinstance(self.inner, KindTerms) else None
        return None if found is None else self.scaled(found, user)

    def scaled(self, found: Sequence[Term], user: int) -> list[Term]:
        """Terms over the length of the user's state."""
        length = float(self.users[user].double().norm().clamp_min(1e-12))
        return [replace(term, by={name: value / length for name, value in term.by.items()}) for term in found]
