"""LightGCN with historical embeddings for far layers, so that most steps propagate little."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import torch
from annotated_types import Ge
from torch import Tensor

from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.lightgcn import LightGCN
from ltgnn.models.readout import LayerReadout
from ltgnn.tensors.batch_nodes import nodes_of
from ltgnn.types import Batch, Encoded, Graph, Perturb, UserError, identity


class Historical(LightGCN):
    """Layers 0..``depth`` of the batch's nodes are exact and trained through, the sum of the others is remembered.

    ``sum over l of c_l A^l x``: the part with ``l > depth`` is made for all nodes once in ``every`` training steps and
    is a constant in between, in the manner of historical embeddings (GNNAutoScale, ICML 2021; LTGNN, WWW 2024). Its
    gradient is left out, so that ``every=1`` has LightGCN's scores but not its gradient. Ranking is always exact.
    """

    mixes_columns: ClassVar[bool] = True  # its memory of far layers has all columns

    far: Tensor

    @property
    def linear(self) -> bool:
        """Ranking is LightGCN's."""
        return True

    def __init__(
        self,
        embedding: NodeEmbedding,
        num_layers: Annotated[int, Ge(0)],
        readout: LayerReadout,
        depth: Annotated[int, Ge(0)],
        every: Annotated[int, Ge(1)],
    ) -> None:
        super().__init__(embedding, num_layers, readout)
        if every < 1 or depth < 0:
            raise UserError(f"model.encoder: depth={depth}, every={every} given; depth >= 0 and every >= 1 wanted.")
        self.depth, self.every, self.steps = min(depth, num_layers), every, 0
        self.register_buffer("far", torch.empty(0), persistent=False)

    def get_extra_state(self) -> dict[str, Any]:
        """The state of the next steps, so that a resumed run continues exactly."""
        return {"far": self.far, "steps": self.steps}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        self.far, self.steps = state["far"].to(self.far.device), state["steps"]

    def forward(self, graph: Graph, perturb: Perturb = identity) -> Encoded:
        """As LightGCN, for ranking; a training step over all nodes would cache nothing."""
        if self.training:
            raise UserError(
                "model=lightgcn_historical trains on only the batch's nodes, but this loss or views= reads others: "
                "set views=clean and loss=bpr, softmax, sl or another that is local, or model=lightgcn."
            )
        return super().forward(graph, perturb)

    def at(self, graph: Graph, batch: Batch) -> tuple[Encoded, Batch] | None:
        """The batch's nodes, near layers exact and far ones remembered; a step counts when it is trained."""
        coefficients = self.readout.coefficients(self.num_layers)
        if coefficients is None:
            raise self.refusal()
        nodes = nodes_of(batch, self.embedding.num_users, self.embedding.num_items)
        state, content = self.embedding()
        where = torch.cat([nodes.users, nodes.items + self.embedding.num_users])
        layers = graph.layers_at(state, self.depth, where)
        if layers is None:
            raise self.refusal()
        if self.training and self.steps % self.every == 0:
            self.far = self.remember(graph, state.detach(), coefficients)
        self.steps += self.training
        near = sum((c * layer for c, layer in zip(coefficients, layers, strict=False)), self.far[where])
        users, items = near.split([len(nodes.users), len(nodes.items)])
        return Encoded(users, items, layers, None if content is None else content[nodes.items]), nodes.batch

    @staticmethod
    def refusal() -> UserError:
        return UserError(
            "model=lightgcn_historical needs a graph and a readout that are linear: set graph=symmetric "
            "(not lightgcnpp) and model.encoder.readout.ego=true, or model=lightgcn."
        )

    @torch.no_grad()
    def remember(self, graph: Graph, state: Tensor, coefficients: list[float]) -> Tensor:
        """``sum over l > depth of c_l A^l x``.  [N, d]"""
        total = torch.zeros_like(state)
        for layer, coefficient in enumerate(coefficients):
            if layer > self.depth:
                total.add_(state, alpha=coefficient)
            if layer < self.num_layers:
                state = graph.propagate(state)
        return total
