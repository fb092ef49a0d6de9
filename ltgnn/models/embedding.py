"""First node state: user ids, and items from ids and text through a fusion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, ClassVar

import torch
from annotated_types import Ge
from torch import Tensor, nn

from ltgnn.models.fusion import ItemFusion
from ltgnn.types import Interactions

Init = Callable[[Tensor], Tensor]
"""In-place initialiser of a table, such as ``torch.nn.init.normal_``.

One that starts from the graph has a method ``tables(train, dim) -> (users [U, d], items [I, d])``, too.
"""


class NodeEmbedding(nn.Module):
    """Tables of users [U, d] and items [I, d]; the item state is what the fusion makes of ids and text.

    ``text`` [I, D] and train counts [I] are buffers outside the checkpoint: the feature store and the split hold them
    already. A ``text`` that is a module is called for its features, and trained with the rest.

    The id of an item without train interactions is 0 (unless the fusion started it from text): nothing but draws as a
    negative would train it, and noise must not pass for knowledge. Where neither text nor an edge to a similar item
    says more of the item, its state stays 0, which makes it not scorable.
    """

    has_users: ClassVar[bool] = True
    text: Tensor | nn.Module | None
    counts: Tensor

    def __init__(
        self,
        train: Interactions,
        dim: Annotated[int, Ge(1)],
        init: Init,
        fusion: Callable[..., ItemFusion],
        text: Tensor | nn.Module | None,
    ) -> None:
        super().__init__()
        self.interactions, self.dim = train, dim
        self.num_users, self.num_items = train.num_users, train.num_items
        features = text() if isinstance(text, nn.Module) else text
        self.fusion = fusion(dim=dim, text_dim=0 if features is None else features.shape[1])
        users, items = self.start(init)
        self.users = None if users is None else nn.Parameter(users)
        self.items = nn.Parameter(items) if self.fusion.uses_ids else None
        if isinstance(text, nn.Module):
            self.text = text
        else:
            self.register_buffer("text", text, persistent=False)
        self.register_buffer("counts", train.item_counts, persistent=False)
        self.hides_cold = not self.fusion.cold_ids and bool((train.item_counts == 0).any())
        with torch.no_grad():
            self.fusion.initialise(items, features, train.item_counts)

    def start(self, init: Init) -> tuple[Tensor | None, Tensor]:
        """Tables as they start: of users [U, d], None where there is none, and items [I, d]."""
        if tables := getattr(init, "tables", None):
            users, items = tables(self.interactions, self.dim)
            return users if self.has_users else None, items
        users = init(torch.empty(self.num_users, self.dim)) if self.has_users else None
        return users, init(torch.empty(self.num_items, self.dim))

    @property
    def features(self) -> Tensor | None:
        """The item features as they are now.  [I, D]"""
        return self.text() if isinstance(self.text, nn.Module) else self.text

    @property
    def ids(self) -> Tensor | None:
        """The id table [I, d] as the fusion gets it; None: the fusion takes none."""
        if self.items is not None and self.hides_cold:
            return self.items * (self.counts > 0)[:, None]
        return self.items

    def forward(self) -> tuple[Tensor, Tensor | None]:
        """Node states [N, d], users first, and the projected text [I, d] where the fusion has one."""
        items, text = self.fusion(self.ids, self.features, self.counts)
        return (items if self.users is None else torch.cat([self.users, items])), text

    def parts(self) -> tuple[Tensor, Tensor]:
        """The node states as ``ids + text``: what the ids of users and items, and what the text adds.  2 x [N, d]"""
        ids, text = self.fusion.parts(self.ids, self.features, self.counts)
        if self.users is None:
            return ids, text
        return torch.cat([self.users, ids]), torch.cat([torch.zeros_like(self.users), text])


class ItemEmbedding(NodeEmbedding):
    """Items alone, for models that make a user's state of the user's items: ``forward`` gives [I, d]."""

    has_users: ClassVar[bool] = False
