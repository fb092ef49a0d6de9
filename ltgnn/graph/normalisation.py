"""Edge weights of the graph: what a message counts, by the degrees of who receives and who sends it."""

from __future__ import annotations

from torch import Tensor


class Power:
    """``w(to, from) = d_to^-alpha d_from^-beta`` (LightGCN++, RecSys 2024); its other half is ``message``."""

    def __init__(self, alpha: float, beta: float) -> None:
        self.alpha, self.beta = alpha, beta

    def __call__(self, receiver: Tensor, sender: Tensor) -> Tensor:
        """Degrees of both ends of each message [M], float64 -> its weight [M]."""
        return receiver.pow(-self.alpha) * sender.pow(-self.beta)


class Symmetric(Power):
    """``(d_to d_from)^-1/2``: LightGCN (He et al., SIGIR 2020), ``D^-1/2 A D^-1/2``."""

    def __init__(self) -> None:
        super().__init__(0.5, 0.5)

    def __call__(self, receiver: Tensor, sender: Tensor) -> Tensor:
        return (receiver * sender).rsqrt()


class RandomWalk(Power):
    """``1 / d_to``: the mean of the neighbours, ``D^-1 A``."""

    def __init__(self) -> None:
        super().__init__(1.0, 0.0)


class RAdjNorm(Power):
    """``D^-r A D^-(1-r)`` (r-AdjNorm, Zhao et al., SIGIR 2022): one exponent trades accuracy against novelty."""

    def __init__(self, r: float) -> None:
        super().__init__(r, 1 - r)
