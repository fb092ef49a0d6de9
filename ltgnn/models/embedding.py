"""First node state: user ids, and items from ids and features through a fusion."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, ClassVar

import torch
from annotated_types import Ge
from torch import Tensor, nn

from ltgnn.models.fusion import ItemFusion
from ltgnn.models.kind_split import split_content
from ltgnn.models.projection import Columns
from ltgnn.scoring.known_items import has_interactions
from ltgnn.types import Interactions, ItemContent

Init = Callable[[Tensor], Tensor]
"""In-place initialiser of a table, such as ``torch.nn.init.normal_``."""


class GraphInit:
    """Base of the initialisers that start from the graph."""

    def tables(self, train: Interactions, dim: int) -> tuple[Tensor, Tensor]:
        """Users [U, d] and items [I, d]."""
        raise NotImplementedError


class NodeEmbedding(nn.Module):
    """Tables of users [U, d] and items [I, d]; the item state is what the fusion makes of ids and features.

    ``features`` [I, D] and train counts [I] are buffers outside the checkpoint: the feature store and the split hold
    them already. ``ItemContent`` is called for its features, and trained with the rest.

    ``entities`` [M] bool (``Graph.entities``): further nodes behind the items, with a table of ids [M, d], and which of
    them are trained; None: there are none.

    The id of an item without train interactions is 0 (unless the fusion started it from content): nothing but draws as
    a negative would train it, and noise must not pass for knowledge. Which items are known nevertheless is what
    ``known_items`` tells, then the encoder. So is that of an entity that is joined to such items alone.
    """

    has_users: ClassVar[bool] = True
    reads_features: ClassVar[bool] = False  # itself; its fusion declares its own
    text: Tensor | ItemContent | None  # by this name in checkpoints of trained features
    counts: Tensor
    trained_users: Tensor
    trained_items: Tensor
    trained_entities: Tensor | None

    def __init__(
        self,
        train: Interactions,
        dim: Annotated[int, Ge(1)],
        init: Init | GraphInit,
        fusion: Callable[..., ItemFusion],
        features: Tensor | ItemContent | None,
        entities: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.interactions, self.dim = train, dim
        self.num_users, self.num_items = train.num_users, train.num_items
        values = features() if isinstance(features, ItemContent) else features
        self.fusion = fusion(dim=dim, features_dim=0 if values is None else values.shape[1])
        users, items = self.start(init)
        self.users = None if users is None else nn.Parameter(users)
        self.items = nn.Parameter(items) if self.fusion.uses_ids else None
        self.entities = None if entities is None else nn.Parameter(self.start_entities(init, entities))
        if isinstance(features, ItemContent):
            self.text = features
        else:
            self.register_buffer("text", features, persistent=False)
        trained = has_interactions(train.item_counts)
        if self.fusion.cold_ids:
            trained = torch.ones_like(trained)
        for name, value in (
            ("counts", train.item_counts),
            ("trained_users", torch.ones(train.num_users, dtype=torch.bool)),
            ("trained_items", trained),
            ("trained_entities", entities),
        ):
            self.register_buffer(name, value, persistent=False)
        self.hides_cold = not bool(trained.all())
        with torch.no_grad():
            self.fusion.initialise(items, values, train.item_counts)

    def start(self, init: Init | GraphInit) -> tuple[Tensor | None, Tensor]:
        """Tables as they start: of users [U, d], None where there is none, and items [I, d]."""
        if isinstance(init, GraphInit):
            users, items = init.tables(self.interactions, self.dim)
            return users if self.has_users else None, items
        user_ids = init(torch.empty(self.num_users, self.dim)) if self.has_users else None
        return user_ids, init(torch.empty(self.num_items, self.dim))

    def start_entities(self, init: Init | GraphInit, trained: Tensor) -> Tensor:
        """The table of entities as it starts, 0 if the others start from the interactions, or it is not trained.
        [M, d]"""
        table = torch.zeros(len(trained), self.dim)
        return table if isinstance(init, GraphInit) else init(table) * trained[:, None]

    @property
    def features(self) -> Tensor | None:
        """Item features as they are now.  [I, D]"""
        return self.text() if isinstance(self.text, ItemContent) else self.text

    @property
    def trained_features(self) -> ItemContent | None:
        """What makes the features, where they are trained with the model."""
        return self.text if isinstance(self.text, ItemContent) else None

    @property
    def ids(self) -> Tensor | None:
        """The id table [I, d] as the fusion gets it; None: the fusion takes none."""
        if self.items is not None and self.hides_cold:
            return self.items * has_interactions(self.counts)[:, None]
        return self.items

    @property
    def entity_ids(self) -> list[Tensor]:
        """The table of entities as their first states [M, d], if there are any."""
        if self.entities is None or self.trained_entities is None:
            return []
        return [self.entities * self.trained_entities[:, None]]

    def forward(self) -> tuple[Tensor, Tensor | None]:
        """Node states [N, d], users first, or [N + M, d], and the projected features [I, d] where the fusion has
        them."""
        items, content = self.fusion(self.ids, self.features, self.counts)
        return (items if self.users is None else torch.cat([self.users, items, *self.entity_ids])), content

    def known_nodes(self) -> Tensor:
        """Nodes whose first state is informative, users first.  [N] bool, or [N + M]"""
        entities = () if self.trained_entities is None else (self.trained_entities,)
        return torch.cat([self.trained_users, self.known_items(self.features), *entities])

    def without_entities(self, states: Tensor) -> Tensor:
        """The rows of users and items.  [N + M, d] -> [N, d]"""
        return states if self.entities is None else states[: self.num_users + self.num_items]

    def parts(self) -> tuple[Tensor, Tensor]:
        """The node states as ``ids + content``: what the ids of users and items, and what content adds, entities
        with ids.  2 x [N, d], or [N + M, d]"""
        ids, content = self.fusion.parts(self.ids, self.features, self.counts)
        if self.users is None:
            return ids, content
        entities = self.entity_ids
        nothing = [torch.zeros_like(table) for table in entities]
        return torch.cat([self.users, ids, *entities]), torch.cat([torch.zeros_like(self.users), content, *nothing])

    def kinds(self, columns: Columns) -> Mapping[str, Tensor] | None:
        """The second of ``parts`` by the kinds of features, as ``split_content``: name -> [N, d], or [N + M, d]"""
        found = split_content(self.fusion, self.ids, self.features, self.counts, columns)
        if found is None or self.users is None:
            return found
        around = [torch.zeros_like(self.users), *(torch.zeros_like(table) for table in self.entity_ids)]
        return {name: torch.cat([around[0], part, *around[1:]]) for name, part in found.items()}

    @torch.no_grad()
    def known_items(self, features: Tensor | None, trained: Tensor | None = None) -> Tensor:
        """Items whose first state is informative, by a trained id or by content.  [I] bool

        ``features`` [I, D]; ``trained`` [I] bool: items with a trained id; None: those of the train part.
        """
        return self.fusion.known_items(features, self.trained_items if trained is None else trained)

    @property
    def tables(self) -> Mapping[str, nn.Parameter]:
        """The tables of ids, those that there are."""
        return {name: table for name, table in (("users", self.users), ("items", self.items)) if table is not None}

    @property
    def folds_in(self) -> bool:
        """Whether a new pair changes no first state but those of its item."""
        return self.users is not None and self.trained_features is None

    @property
    def column_separable(self) -> bool:
        """Whether each column of the states depends only on the same column of the tables."""
        return self.fusion.column_separable and self.users is not None and self.entities is None

    @property
    def content_note(self) -> str:
        """What to know where the states are split into ids and content."""
        return self.fusion.note

    def cut_columns(self, rank: int, world: int) -> None:
        """Keep only the columns of process ``rank``, ``d / world`` of each table."""
        for name, table in self.tables.items():
            share = table.shape[1] // world
            self.register_parameter(name, nn.Parameter(table.detach()[:, rank * share : (rank + 1) * share].clone()))

    def grow(self, name: str, table: Tensor, trained: Tensor) -> Tensor:
        """As ``Embedding.grown``: further rows are 0, and so is the id of an item that was cold in training."""
        if self.fusion.cold_ids:
            trained = torch.ones_like(trained)
        table = table * trained.to(table.device)[:, None]
        marks: Tensor = self.trained_users if name == "users" else self.trained_items
        marks[:] = False
        marks[: len(trained)] = trained
        return torch.cat([table, table.new_zeros(len(marks) - len(table), table.shape[1])])

    def project(self, features: Tensor) -> Tensor | None:
        """States of content of items with such features.  [n, D] -> [n, d]; None: the fusion projects none."""
        return self.fusion.project(features)

    def first_items(self, items: Tensor, features: Tensor | None, counts: Tensor) -> Tensor:
        """As ``Embedding.first_items``: new items, and those that were cold in training, have an id of 0."""
        ids = None
        if self.items is not None:
            old = items < len(self.items)
            ids = torch.zeros(len(items), self.dim)
            ids[old] = self.items.detach()[items[old]]
            if self.hides_cold:
                ids[old] *= self.trained_items[items[old], None]
        states: Tensor = self.fusion(ids, features, counts)[0]
        return states


class ItemEmbedding(NodeEmbedding):
    """Items only, for models that make a user's state of the user's items: ``forward`` gives [I, d]."""

    has_users: ClassVar[bool] = False
