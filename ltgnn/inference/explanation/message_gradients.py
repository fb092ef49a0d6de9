"""What messages between a user and its history change in a score, by gradients, with ``torch_geometric.explain``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn
from torch_geometric.explain import ExplainerAlgorithm, Explanation
from torch_geometric.nn import MessagePassing

if TYPE_CHECKING:
    from torch_geometric.explain import HeteroExplanation
    from torch_geometric.utils.hetero import EdgeType, NodeType


class MessageGradients(ExplainerAlgorithm):  # type: ignore[misc]  # torch_geometric has no types for it
    """Integrated gradients of a prediction over factors of messages (Sundararajan et al., ICML 2017, arXiv:1703.01365).

    Each message of ``chosen`` [M] bool gets a factor that all layers share; all factors go from 0 to 1 together. The
    mask of an edge is the mean of the gradient in its factor at ``steps`` points, the midpoints of as many equal parts.
    The sum over all edges is the prediction less that without these messages, up to what the steps miss. A factor
    scales what a message brings after the attention or the mean has weighed it, so that the others do not change.
    """

    def __init__(self, chosen: Tensor, steps: int) -> None:
        super().__init__()
        self.chosen, self.steps = chosen, steps

    def supports(self) -> bool:
        return True

    def forward(
        self,
        model: nn.Module,
        x: Tensor | dict[NodeType, Tensor],
        edge_index: Tensor | dict[EdgeType, Tensor],
        *,
        target: Tensor,
        index: int | Tensor | None = None,
        **kwargs: Any,
    ) -> Explanation | HeteroExplanation:
        """``edge_index`` [2, M] in the order in which the model sends messages -> ``edge_mask`` [M]."""
        mask = torch.zeros(len(self.chosen), device=self.chosen.device)
        for step in range(self.steps):
            factors = torch.ones_like(mask)
            factors[self.chosen] = (step + 0.5) / self.steps
            factors.requires_grad_()
            with torch.enable_grad(), scaled_messages(model, factors):
                (gradient,) = torch.autograd.grad(model(x, edge_index, **kwargs), factors)
            mask += gradient * self.chosen / self.steps
        return Explanation(edge_mask=mask)


@contextmanager
def scaled_messages(model: nn.Module, factors: Tensor) -> Iterator[None]:
    """While it lasts, every convolution in ``model`` sends its messages times ``factors`` [M].

    A convolution may send them in several parts, one after the other, as ``RGCNConv`` does type by type. Further
    messages behind these, such as those of a node to itself, stay as they are.
    """
    place: dict[nn.Module, int] = {}

    def begin(module: nn.Module, inputs: Any) -> None:
        place[module] = 0

    def scale(module: nn.Module, inputs: Any, messages: Tensor) -> Tensor:
        start = place[module]
        place[module] = start + len(messages)
        some = factors[start : start + len(messages)].to(messages.dtype)
        some = torch.cat([some, some.new_ones(len(messages) - len(some))])
        return messages * some.view(-1, *[1] * (messages.dim() - 1))

    hooks = []
    for module in model.modules():
        if isinstance(module, MessagePassing):
            hooks += [module.register_forward_pre_hook(begin), module.register_message_forward_hook(scale)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def explain_score(model: nn.Module, edge_index: Tensor, chosen: Tensor, steps: int) -> Tensor:
    """What each message of ``chosen`` [M] adds to what ``model(x, edge_index)`` gives, a number.  [M]"""
    from torch_geometric.explain import Explainer, ModelConfig

    explain = Explainer(
        model,
        MessageGradients(chosen, steps),
        explanation_type="model",
        edge_mask_type="object",
        model_config=ModelConfig(mode="regression", task_level="edge", return_type="raw"),
    )
    nodes = int(edge_index.max()) + 1
    states = torch.zeros(nodes, 1, device=edge_index.device)  # the model knows the states of its nodes
    return cast(Tensor, explain(states, edge_index).edge_mask)
