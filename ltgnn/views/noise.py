"""SimGCL and XSimGCL: views by noise on the states, no second graph."""

from __future__ import annotations

from typing import Annotated

import torch
from annotated_types import Ge
from torch import Tensor
from torch.nn import functional as F

from ltgnn.types import Encoded, Encoder, Graph, UserError, Views
from ltgnn.views.depth import need_layers


class Noise:
    """``x + eps * sign(x) * n / |n|`` with ``n ~ U(0, 1)^d``, row by row: length ``eps``, in the orthant of ``x``.

    The generator is reseeded each epoch, so that a resumed run draws what an uninterrupted one would have drawn.
    """

    def __init__(self, eps: float) -> None:
        if eps < 0:
            raise UserError(f"views.eps={eps} given, a number >= 0 wanted.")
        self.eps = eps
        self.generator: torch.Generator | None = None

    def __call__(self, states: Tensor, layer: int) -> Tensor:
        """States [N, d] of any layer, perturbed."""
        draw = torch.rand(states.shape, generator=self.generator, device=states.device, dtype=states.dtype)
        return states + self.eps * states.sign() * F.normalize(draw, dim=-1)


class SimGCL(Views):
    """Clean main pass, and two noisy ones as views (Yu et al., SIGIR 2022, arXiv:2112.08679, eq. 7).

    The noise of a layer propagates into the next. The paper reads out layers 1..L without the ego layer: model=xsimgcl.
    """

    needs_layers = True

    def __init__(self, eps: Annotated[float, Ge(0)]) -> None:
        self.noise = Noise(eps)

    def __call__(self, encoder: Encoder, graph: Graph) -> tuple[Encoded, list[Encoded]]:
        main = encoder(graph)
        need_layers(main, "simgcl")
        return main, [encoder(graph, self.noise), encoder(graph, self.noise)]

    def resample(self, graph: Graph, generator: torch.Generator) -> None:
        """The noise of this epoch."""
        self.noise.generator = generator


class XSimGCL(Views):
    """One noisy pass for both tasks: its final state against one layer (Yu et al., TKDE 2023, arXiv:2209.02544).

    ``layer``: l* of the paper, 1..L; its states are the one view, to be contrasted with the main pass.
    """

    needs_layers = True

    def __init__(self, eps: Annotated[float, Ge(0)], layer: Annotated[int, Ge(1)]) -> None:
        self.noise, self.layer = Noise(eps), layer

    def __call__(self, encoder: Encoder, graph: Graph) -> tuple[Encoded, list[Encoded]]:
        main = encoder(graph, self.noise)
        need_layers(main, "xsimgcl")
        if not 0 < self.layer < len(main.layers):
            raise UserError(
                f"views.layer={self.layer} given, but the model has the layers 1 to {len(main.layers) - 1}: "
                "set views.layer or num_layers."
            )
        if main.layers[self.layer].shape[1] != main.users.shape[1]:
            raise UserError(
                "views=xsimgcl contrasts final states with a layer, but with model=lightgcn_content they are wider, "
                "since features are concatenated to them: set views=simgcl, or model=lightgcn."
            )
        users, items = main.layers[self.layer].split([len(main.users), len(main.items)])
        return main, [Encoded(users, items, main.layers, main.content)]

    def resample(self, graph: Graph, generator: torch.Generator) -> None:
        """The noise of this epoch."""
        self.noise.generator = generator
