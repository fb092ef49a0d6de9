"""The summands of a cosine: those of the inner product with the item's unit vector, over the length of the user's."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import Tensor

from ltgnn.types import LinearTerms, Term


@dataclass(frozen=True)
class CosineTerms:
    """``inner`` splits ``<u, i> / |i|``."""

    inner: LinearTerms
    users: Tensor  # [U, d] final states

    @property
    def note(self) -> str:
        return self.inner.note

    def terms(self, user: int, item: int) -> list[Term]:
        length = float(self.users[user].double().norm().clamp_min(1e-12))
        found = self.inner.terms(user, item)
        return [replace(term, by={name: value / length for name, value in term.by.items()}) for term in found]
