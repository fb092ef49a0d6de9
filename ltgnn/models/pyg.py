"""Any convolution of torch-geometric as the step of a graph model."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

import torch
from annotated_types import Ge
from torch import Tensor, nn
from torch.nn import functional as F

from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.lightgcn import LightGCN
from ltgnn.models.readout import LayerReadout
from ltgnn.scoring.known_items import has_content, reach
from ltgnn.types import Graph, LinearTerms, MessageEdges, UserError

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu, "elu": F.elu, "leaky_relu": F.leaky_relu, "tanh": torch.tanh,
}  # fmt: skip


class PyGEncoder(LightGCN):
    """``x_(l+1) = act(conv_l(x_l, edge_index))``; final state ``readout(x_0 .. x_L)``.

    A convolution is a ``torch_geometric.nn`` class on one kind of nodes, whose ``forward`` needs no more than ``x`` and
    ``edge_index`` (Fey and Lenssen, ICLR 2019 workshop, arXiv:1903.02428): users and items are nodes alike, users
    first, and each layer has one of its own. A node that knows nothing, a cold item that no message reaches, keeps a
    state of 0, where a bias would give it one that is the same for all of them.

    ``at`` is None: a convolution may normalise by degrees, which those of a part of the graph are not.
    """

    mixes_columns: ClassVar[bool] = True
    reads_edges: ClassVar[bool] = True
    inputs: ClassVar[tuple[str, ...]] = ("x", "edge_index")
    """What ``forward`` of a convolution needs."""

    def __init__(
        self,
        embedding: NodeEmbedding,
        num_layers: Annotated[int, Ge(0)],
        readout: LayerReadout,
        conv: Callable[[], nn.Module],
        weights: Literal["edge_weight", "edge_attr"] | None,
        activation: Literal["relu", "elu", "leaky_relu", "tanh"] | None,
    ) -> None:
        super().__init__(embedding, num_layers, readout)
        self.convs = nn.ModuleList(conv() for _ in range(num_layers))
        self.weights, self.activation = weights, activation
        for one in self.convs:
            self.refuse_other_inputs(type(one), weights)

    @classmethod
    def conflicts(cls, given: Mapping[str, Any], graph: Mapping[str, Any]) -> Iterator[str]:
        """As ``Encoder.conflicts``: what the convolution needs, the width of what it makes, strengths of edges."""
        conv = given.get("conv")
        if graph.get("message") is not None:
            yield (
                "model=pyg: graph.message changes what a node sends (graph=lightgcnpp), and a convolution makes its "
                "own messages. Set graph=symmetric or another (ltgnn models graph)."
            )
        if not isinstance(conv, partial) or not isinstance(conv.func, type):
            return
        try:
            cls.refuse_other_inputs(conv.func, given.get("weights"))
        except UserError as mistake:
            yield str(mistake)
        if given.get("weights") is None and (graph.get("strength") or graph.get("item_edges")):
            yield unequal_edges(conv.func)
        width, out, heads = (conv.keywords.get(key) for key in ("in_channels", "out_channels", "heads"))
        if isinstance(width, int) and isinstance(out, int):
            made = out * heads if conv.keywords.get("concat") is True and isinstance(heads, int) else out
            if made != width:
                yield (
                    f"model.encoder.conv: {conv.func.__name__} makes states of width {made} of {width}; the same "
                    "wanted. Set its out_channels to ${dim}, and its concat to false with several heads."
                )

    @classmethod
    def refuse_other_inputs(cls, conv: type, weights: str | None) -> None:
        """``UserError`` where the class of the convolution needs another input, or has no argument for the weights."""
        takes = inspect.signature(conv.forward if issubclass(conv, nn.Module) else conv).parameters
        needs = [k for k, one in takes.items() if k != "self" and (one.default is one.empty or k == "edge_type")]
        if needs != list(cls.inputs):
            raise UserError(
                f"model.encoder.conv: {conv.__name__}.forward needs {', '.join(needs)}; one that needs "
                f"{' and '.join(cls.inputs)} wanted: see ltgnn models model/conv."
            )
        if weights is not None and weights not in takes:
            there = ", ".join(key for key in takes if key != "self")
            raise UserError(
                f"model.encoder.weights={weights}: {conv.__name__}.forward has no such argument, but {there}. "
                "Set model.encoder.weights=null, or another model/conv=."
            )

    def step(self, graph: Graph, layers: Sequence[Tensor]) -> Tensor:
        state, edges, layer = layers[-1], graph.edges(), len(layers)
        conv = self.convs[layer - 1]
        found = self.convolve(conv, state, graph)
        if found.shape != state.shape:
            raise UserError(
                f"model.encoder.conv: {type(conv).__name__} makes states {list(found.shape)} of {list(state.shape)}; "
                "the same shape wanted. Its out_channels should be ${dim}, and its concat false with several heads."
            )
        if self.activation is not None and layer < self.num_layers:
            found = ACTIVATIONS[self.activation](found)
        return found * reach(has_content(state), lambda marks: receives(marks, edges), 1)[:, None]

    def convolve(self, conv: nn.Module, state: Tensor, graph: Graph) -> Tensor:
        """What a layer makes of the states [N + M, d]; same shape."""
        edges = graph.edges()
        found: Tensor = conv(state, edges.edge_index, **self.weights_for(conv, state, edges))
        return found

    def weights_for(self, conv: nn.Module, state: Tensor, edges: MessageEdges) -> dict[str, Tensor]:
        """The weights of the graph by the name of their argument."""
        if self.weights is None:
            refuse_unequal(conv, edges)
            return {}
        weights = edges.weights.to(state.dtype)
        return {self.weights: weights if self.weights == "edge_weight" else weights[:, None]}

    def message_index(self, graph: Graph) -> Tensor | None:
        return graph.edges().edge_index if self.num_layers else None

    def known_nodes(self, graph: Graph) -> Tensor:
        """Nodes whose first state is informative, and those that a message from them reaches.  [N] bool, or [N + M]"""
        edges = graph.edges()
        return reach(self.embedding.known_nodes(), lambda marks: receives(marks, edges), self.num_layers)

    def linear_terms(self, graph: Graph, norm_power: float, match: tuple[float, Tensor] | None = None) -> LinearTerms:
        raise UserError("this model's score is not a sum over the history: its convolutions need not be linear.")


def refuse_unequal(conv: nn.Module, edges: MessageEdges) -> None:
    """``UserError`` where edges differ in strength, which a convolution without weights would not see."""
    if edges.unequal:
        raise UserError(unequal_edges(type(conv)))


def unequal_edges(conv: type) -> str:
    """Why edges of unequal strength are refused."""
    return (
        f"model/conv=: {conv.__name__} takes no weights, but edges of this graph= differ in strength. Set "
        "model/conv=lgconv, gatv2 or transformer, or a graph= whose edges are alike (graph=symmetric)."
    )


def receives(marks: Tensor, edges: MessageEdges) -> Tensor:
    """The nodes that a marked node [N] bool sends a message to.  [N] bool"""
    sender, receiver = edges.edge_index
    return torch.zeros(len(marks), device=marks.device).index_add_(0, receiver, marks[sender].float()) > 0
