"""Edge weights of the user-item graph."""

from __future__ import annotations

from torch import Tensor


class Symmetric:
    """``w(u, i) = (d_u d_i)^-1/2`` both ways: LightGCN (He et al., SIGIR 2020), ``D^-1/2 A D^-1/2``."""

    def __call__(self, user_degree: Tensor, item_degree: Tensor) -> tuple[Tensor, Tensor]:
        """Degrees of both ends of each edge [E] -> weights of the messages to the user and to the item [E]."""
        weight = (user_degree * item_degree).rsqrt()
        return weight, weight
