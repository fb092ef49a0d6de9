"""A linear shallow autoencoder ``x (A A' - I)`` and its steps of Adam: no matrix of rows by items or items by items."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ltgnn.tensors.threads import in_threads

ITEMS, ROWS = 2048, 256
"""Items and rows that one thread works at. The sums are in the order of these blocks, whatever the threads."""

SMALLEST = 1e-6
"""A prediction whose square is below this part of the row's has no direction: it counts as 0."""


@dataclass(frozen=True)
class InputRows:
    """A batch: rows with few entries, then rows that are columns of a dense matrix."""

    sparse: Any  # [n, I] scipy CSR
    dense: Tensor  # [I, k]
    weights: Tensor  # [n + k] of the rows in the loss

    @property
    def squares(self) -> Tensor:
        """Of the lengths of the rows.  [n + k]"""
        sparse = torch.from_numpy(self.sparse.multiply(self.sparse).sum(1).A1).to(self.dense.dtype)
        return torch.cat([sparse, self.dense.square().sum(0)])


class ShallowAutoencoder:
    """``A`` is ``free`` [I, d] with rows of length 1; the loss of a row ``x`` is ``|p / |p| - x / |x||^2``.

    ``p = x (A A' - I)``. With ``h = x A`` and ``S = A'A`` the loss is ``2 - 2 <x, p> / (|x| |p|)``, of which
    ``<x, p> = |h|^2 - |x|^2`` and ``|p|^2 = h S h' - 2 |h|^2 + |x|^2``: time I d^2 a batch, memory I d.
    """

    def __init__(self, start: Tensor) -> None:
        self.free = start
        self.first, self.second = torch.zeros_like(start), torch.zeros_like(start)  # moments of Adam
        self.steps = 0

    def vectors(self) -> Tensor:
        """``A``.  [I, d]"""
        return F.normalize(self.free, dim=1)

    def step(self, rows: InputRows, lr: float) -> float:
        """A step of Adam (Kingma & Ba, ICLR 2015) on the mean loss of the rows, which is returned."""
        loss, differentiate = self.losses(rows)
        self.steps += 1
        first_bias, second_bias = 1 - 0.9**self.steps, 1 - 0.999**self.steps

        def work(start: int) -> None:
            block = slice(start, start + ITEMS)
            gradient, first, second = differentiate(block), self.first[block], self.second[block]
            first.mul_(0.9).add_(gradient, alpha=0.1)
            second.mul_(0.999).addcmul_(gradient, gradient, value=0.001)
            root = (second / second_bias).sqrt_().add_(1e-8)
            self.free[block].addcdiv_(first, root, value=-lr / first_bias)

        in_threads(work, range(0, len(self.free), ITEMS))
        return loss

    def losses(self, rows: InputRows) -> tuple[float, Callable[[slice], Tensor]]:
        """The mean loss times the rows' weights, and what gives its gradient by the ``free`` of some items."""
        unit = torch.empty_like(self.free)
        products, dense = dict[int, Tensor](), dict[int, Tensor]()

        def project(start: int) -> None:
            block = slice(start, start + ITEMS)
            unit[block] = F.normalize(self.free[block], dim=1)
            products[start], dense[start] = unit[block].T @ unit[block], rows.dense[block].T @ unit[block]

        in_threads(project, range(0, len(unit), ITEMS))
        product, few = add_up(products), rows.sparse.shape[0]
        hidden = torch.cat([torch.from_numpy(rows.sparse @ unit.numpy()), add_up(dense)])
        by_hidden, by_product = torch.empty_like(hidden), dict[int, Tensor]()
        squares, shares, losses = rows.squares, rows.weights / len(hidden), torch.empty_like(hidden[:, 0])

        def compare(start: int) -> None:
            block = slice(start, start + ROWS)
            h, square, share = hidden[block], squares[block], shares[block]
            onward, length = h @ product, h.square().sum(1)
            predicted = (onward * h).sum(1) - 2 * length + square
            inverse = torch.where(predicted > SMALLEST * square, predicted.clamp_min(1e-30).rsqrt(), 0.0)
            losses[block] = share * (2 - 2 * (length - square) * inverse / square.sqrt())
            by_inner = -2 * share * inverse / square.sqrt()
            by_predicted = -by_inner * (length - square) * inverse.square() / 2
            by_hidden[block] = 2 * ((by_inner - 2 * by_predicted)[:, None] * h + by_predicted[:, None] * onward)
            by_product[start] = h.T @ (by_predicted[:, None] * h)

        in_threads(compare, range(0, len(hidden), ROWS))
        squeeze, columns = 2 * add_up(by_product), rows.sparse.T.tocsr()

        def differentiate(block: slice) -> Tensor:
            a = unit[block]
            gradient: Tensor = torch.from_numpy(columns[block] @ by_hidden[:few].numpy())
            gradient += rows.dense[block] @ by_hidden[few:] + a @ squeeze
            along = gradient - a * (gradient * a).sum(1, keepdim=True)  # the length of a row of ``free`` is free
            return torch.div(along, self.free[block].norm(dim=1, keepdim=True).clamp_min(1e-12))

        return float(losses.double().sum()), differentiate


def add_up(parts: Mapping[int, Tensor]) -> Tensor:
    """Their sum, in the order of their numbers."""
    first, *others = (parts[start] for start in sorted(parts))
    total = first.clone()
    for part in others:
        total += part
    return total
