"""Item graphs of the features as the model projects them, made again in training, beside the frozen ones."""

from __future__ import annotations

from typing import Annotated, Any

import torch
from annotated_types import Ge, Le
from torch import Tensor, nn
from torch.nn import functional as F

from ltgnn.graph.kernels import Kernel
from ltgnn.graph.kind_edges import SimilarItemsByKind
from ltgnn.graph.kind_graphs import KindGraphs
from ltgnn.tensors.nearest_neighbours import nearest
from ltgnn.types import UserError


class ProjectedGraphs(KindGraphs):
    """``skip S + (1 - skip) D^-1/2 A D^-1/2``, ``S`` the frozen sum over kinds and ``A = sum over kinds of w_k A_k``.

    ``A_k[i, j]`` is the cosine of items i and j after a linear map of the kind to ``width`` columns, where it is above
    0 and j among the ``k`` nearest others of i; ``D`` are the sums of the rows. The maps are trained through the
    cosines. Who is near whom is found anew in evaluation, and in training every ``every`` products with the graph.

    LATTICE (Zhang et al., MM 2021, arXiv:2104.09036). There the cosines are held between two epochs as well, and an
    item is among its own neighbours.
    """

    def __init__(
        self,
        features: Tensor | None,
        num_items: int,
        edges: SimilarItemsByKind,
        learned: bool,
        kernel: Kernel | None,
        width: Annotated[int, Ge(1)],
        k: Annotated[int, Ge(1)],
        skip: Annotated[float, Ge(0), Le(1)],
        every: Annotated[int, Ge(1)],
    ) -> None:
        super().__init__(features, num_items, edges, learned, kernel)
        assert features is not None  # or there would be no edges
        if width < 1 or k < 1 or every < 1 or not 0 <= skip <= 1:
            raise UserError(
                f"model=lattice: width={width}, k={k}, every={every}, skip={skip} given; whole numbers of at least 1 "
                "and a skip from 0 to 1 wanted."
            )
        self.k, self.skip, self.every, self.products = k, skip, every, 0
        self.found: list[Tensor] = []  # neighbours of each item [I, k], by kind
        self.places = [f"values_{number}" for number in range(len(self.names))]
        parts = edges.kinds.split(features)
        for place, name in zip(self.places, self.names, strict=True):
            self.register_buffer(place, parts[name], persistent=False)
        self.project = nn.ModuleList(nn.Linear(parts[name].shape[1], width, bias=False) for name in self.names)

    def get_extra_state(self) -> dict[str, Any]:
        """The state of the next products, so that a resumed run continues exactly."""
        return {"found": self.found, "products": self.products}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        self.found, self.products = state["found"], state["products"]

    def propagate(self, states: Tensor) -> Tensor:
        """The sum of both ``[I, I] @ states [I, d]``."""
        rows = [
            F.normalize(project(self.get_buffer(place)), dim=1)
            for place, project in zip(self.places, self.project, strict=True)
        ]
        near = self.neighbours(rows)
        shares = self.logits.softmax(0)
        cosines = [
            share * (unit[:, None] * F.embedding(others, unit)).sum(2).clamp_min(0)
            for share, unit, others in zip(shares, rows, near, strict=True)
        ]
        degree = torch.stack([weights.sum(1) for weights in cosines]).sum(0)
        scale = torch.where(degree > 0, degree.clamp_min(1e-12).rsqrt(), 0.0)
        sent = scale[:, None] * states
        received = [
            (weights[:, :, None] * F.embedding(others, sent)).sum(1)
            for weights, others in zip(cosines, near, strict=True)
        ]
        made = scale[:, None] * torch.stack(received).sum(0)
        return self.skip * super().propagate(states) + (1 - self.skip) * made

    def neighbours(self, rows: list[Tensor]) -> list[Tensor]:
        """The ``k`` nearest others of each item, by kind, as they are or, in training, as they were found last."""
        if self.training and self.found and self.products % self.every:
            near = self.found
        else:
            near = [nearest(unit, self.k)[1] for unit in rows]
        if self.training:
            self.found = near
            self.products += 1
        return [others.to(rows[0].device) for others in near]
