"""The normalised user-item graph."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ltgnn.graph.kernels import Csr, Kernel, product
from ltgnn.types import Interactions

Normalisation = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
"""``(user degree [E], item degree [E]) -> (weight of the message to the user [E], to the item [E])``"""


class BipartiteGraph(nn.Module):
    """Adjacency of ``N = U + I`` nodes, users first, in one CSR of ``2 E`` entries.

    The transpose of a bipartite adjacency has the same pattern with the two directions' weights exchanged, so it
    costs one weight vector, or nothing when the normalisation is symmetric. Dense index buffers only: they move with
    the module and can be broadcast; none is in the checkpoint.
    """

    offsets: Tensor
    columns: Tensor
    weights: Tensor
    weights_back: Tensor

    def __init__(self, train: Interactions, normalisation: Normalisation, kernel: Kernel | None) -> None:
        super().__init__()
        self.num_users, self.num_items = train.num_users, train.num_items
        self.train_edges = train
        self.normalisation, self.kernel = normalisation, kernel

        users, items, size = train.users, train.items, train.num_users + train.num_items
        user_degree = train.user_counts.double()[users]
        item_degree = train.item_counts.double()[items]
        to_user, to_item = normalisation(user_degree, item_degree)

        by_user = torch.argsort(train.keys)
        by_item = torch.argsort(items * train.num_users + users)
        columns = torch.cat([items[by_user] + self.num_users, users[by_item]])
        degrees = torch.cat([train.user_counts, train.item_counts])
        offsets = torch.zeros(size + 1, dtype=torch.int64)
        offsets[1:] = torch.cumsum(degrees, 0)

        index = torch.int32 if max(columns.numel(), size) < 2**31 else torch.int64
        weights = torch.cat([to_user[by_user], to_item[by_item]]).float()
        symmetric = to_user is to_item
        back = weights if symmetric else torch.cat([to_item[by_user], to_user[by_item]]).float()
        for name, value in (("offsets", offsets.to(index)), ("columns", columns.to(index)), ("weights", weights)):
            self.register_buffer(name, value, persistent=False)
        self.register_buffer("weights_back", back, persistent=False)

    def propagate(self, states: Tensor) -> Tensor:
        """``A [N, N] @ states [N, d]``, in float32 or wider whatever autocast says (sparse products need it)."""
        with torch.autocast(states.device.type, enabled=False):
            wide = states.float() if states.dtype in (torch.float16, torch.bfloat16) else states
            forward = Csr(self.offsets, self.columns, self.weights)
            backward = Csr(self.offsets, self.columns, self.weights_back)
            return product(wide, forward, backward, self.kernel)

    def drop_edges(self, rate: float, generator: torch.Generator) -> BipartiteGraph:
        """A graph without a random share ``rate`` of the interactions, normalised anew (SGL's edge dropout)."""
        kept = torch.rand(len(self.train_edges), generator=generator) >= rate
        dropped = BipartiteGraph(self.train_edges.select(kept), self.normalisation, self.kernel)
        return dropped.to(self.weights.device)
