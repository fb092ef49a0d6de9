"""Penalties on embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from annotated_types import Ge
from torch import Tensor
from torch.nn import functional as F

from ltgnn.types import Batch, Encoded, Loss, UserError


class L2(Loss):
    """``weight * 1/2 sum ||.||^2 / B`` over the batch's rows of user, positive and negatives, on the chosen layers.

    ``layers: [0]`` is LightGCN-PyTorch's penalty; other libraries penalise other rows under the same name, hence the
    explicit keys.
    """

    local = row_separable = column_separable = True

    def __init__(self, weight: Annotated[float, Ge(0)], layers: Sequence[int], negatives: bool) -> None:
        self.weight, self.layers, self.negatives = weight, tuple(layers), negatives

    def __call__(self, batch: Batch, main: Encoded, views: list[Encoded]) -> Tensor:
        first_item = main.users.shape[0]
        rows = [batch.users, batch.pos + first_item]
        if self.negatives:
            rows.append(batch.neg.flatten() + first_item)
        nodes = torch.cat(rows)  # one gather: each more would cost a pass over a gradient of all nodes
        total = main.users.new_zeros(())
        for layer in self.layers:
            total = total + squares(nodes, layer_of(main, layer))
        if main.columns is not None:
            total = main.columns.sum(total)
        return self.weight * 0.5 * total / len(batch.users)


def layer_of(main: Encoded, layer: int) -> Tensor:
    """A layer that a penalty names; ``UserError`` if the model has no such."""
    if layer >= len(main.layers):
        raise UserError(
            f"a penalty on layer {layer} was asked for (`layers` of loss.l2 or of another penalty), but this model "
            f"gives the layers 0 to {len(main.layers) - 1} to a loss: name one of these, or set num_layers "
            "(model=lightgcn_historical: model.encoder.depth)."
        )
    return main.layers[layer]


def squares(nodes: Tensor, states: Tensor) -> Tensor:
    """Sum of squared norms of ``states[nodes]``; many nodes are counted first, so that each state is read once."""
    if len(nodes) <= len(states):
        return F.embedding(nodes, states).pow(2).sum()
    times = torch.bincount(nodes, minlength=len(states)).to(states.dtype)
    return times @ states.pow(2).sum(-1)
