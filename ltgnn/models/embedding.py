"""First node state: user ids, and items from ids and text through a fusion."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ltgnn.models.fusion import ItemFusion

Init = Callable[[Tensor], Tensor]
"""In-place initialiser of a table, such as ``torch.nn.init.normal_``."""


class NodeEmbedding(nn.Module):
    """Tables of users [U, d] and items [I, d]; the item state is what the fusion makes of ids and text.

    ``text`` [I, D] and train ``counts`` [I] are buffers outside the checkpoint: the feature store and the split hold
    them already.
    """

    text: Tensor | None
    counts: Tensor

    def __init__(
        self,
        num_users: int,
        num_items: int,
        dim: int,
        init: Init,
        fusion: Callable[..., ItemFusion],
        text: Tensor | None,
        counts: Tensor,
    ) -> None:
        super().__init__()
        self.num_users, self.num_items = num_users, num_items
        self.fusion = fusion(dim=dim, text_dim=0 if text is None else text.shape[1])
        self.users = nn.Parameter(init(torch.empty(num_users, dim)))
        items = init(torch.empty(num_items, dim))
        self.items = nn.Parameter(items) if self.fusion.uses_ids else None
        self.register_buffer("text", text, persistent=False)
        self.register_buffer("counts", counts, persistent=False)
        with torch.no_grad():
            self.fusion.initialise(items, text, counts)

    def forward(self) -> tuple[Tensor, Tensor | None]:
        """Node states [N, d], users first, and the projected text [I, d] where the fusion has one."""
        items, text = self.fusion(self.items, self.text, self.counts)
        return torch.cat([self.users, items]), text
