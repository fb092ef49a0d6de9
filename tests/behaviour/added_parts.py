"""Short parts of one's own, for the sections of CONTRIBUTING.md that have no sample; their yaml is in added_conf/."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
import polars as pl
import torch
from annotated_types import Ge, Gt, Lt
from torch import Tensor

from ltgnn.data.raw import Raw
from ltgnn.data.splitting import all_interactions, check_shares, make_split, percent, permute
from ltgnn.features.item_features import FeatureSource
from ltgnn.features.steps import apply_steps
from ltgnn.features.store import key_of
from ltgnn.features.transform import Step
from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.fusion import Mix, Projector
from ltgnn.sampling.negatives import Negatives
from ltgnn.types import (
    Dataset,
    Encoded,
    Encoder,
    Features,
    Graph,
    Interactions,
    Perturb,
    Scorer,
    Split,
    UserError,
    Views,
    identity,
)


class Scaled(Mix):
    """A fusion: ``id + weight * projected features``."""

    def __init__(
        self,
        dim: int,
        features_dim: int,
        projector: Projector,
        weight: float,
        id_dropout: Annotated[float, Ge(0), Lt(1)],
    ) -> None:
        super().__init__(dim, features_dim, projector, id_dropout)
        self.weight = weight

    def mix(self, ids: Tensor, content: Tensor, counts: Tensor) -> Tensor:
        return ids + self.weight * content


class Fading(Encoder):
    """An encoder: ``sum over l of fade^l A^l x``."""

    embedding: NodeEmbedding

    def __init__(self, embedding: NodeEmbedding, num_layers: Annotated[int, Ge(0)], fade: float) -> None:
        super().__init__()
        self.embedding, self.num_layers, self.fade = embedding, num_layers, fade

    def forward(self, graph: Graph, perturb: Perturb = identity) -> Encoded:
        state, content = self.embedding()
        layers, total = [state], state
        for number in range(1, self.num_layers + 1):
            layers.append(perturb(graph.propagate(layers[-1]), number))
            total = total + self.fade**number * layers[-1]
        users, items = total.split([self.embedding.num_users, self.embedding.num_items])
        return Encoded(users, items, tuple(layers), content)

    @torch.no_grad()
    def known_items(self, graph: Graph) -> Tensor:
        """Those whose first state says something, and those that messages reach.  [I] bool"""
        known = torch.cat([self.embedding.trained_users, super().known_items(graph)])
        for _ in range(self.num_layers):
            known = known | (graph.propagate(known.float()[:, None])[:, 0] > 0)
        return known[self.embedding.num_users :]


class TrainItems(Negatives):
    """A sampler: uniform over the items with a train interaction."""

    items: Tensor

    def __init__(self, train: Interactions, negatives: Annotated[int, Ge(1)]) -> None:
        super().__init__()
        self.negatives = negatives
        self.register_buffer("items", train.item_counts.nonzero()[:, 0], persistent=False)

    def forward(self, users: Tensor, pos: Tensor, generator: torch.Generator) -> Tensor:
        shape = (len(users), self.negatives)
        return self.items[torch.randint(len(self.items), shape, generator=generator, device=users.device)]


class ColumnDropout(Views):
    """Views: two passes in which each number of a layer is 0 with probability ``rate``."""

    needs_layers = True

    def __init__(self, rate: Annotated[float, Ge(0), Lt(1)]) -> None:
        self.rate = rate
        self.generator: torch.Generator | None = None

    def __call__(self, encoder: Encoder, graph: Graph) -> tuple[Encoded, list[Encoded]]:
        return encoder(graph), [encoder(graph, self.drop), encoder(graph, self.drop)]

    def drop(self, states: Tensor, layer: int) -> Tensor:
        """States [N, d] of a layer, less some of their numbers."""
        kept = torch.rand(states.shape, generator=self.generator, device=states.device) >= self.rate
        return states * kept / (1 - self.rate)

    def resample(self, graph: Graph, generator: torch.Generator) -> None:
        self.generator = generator


class TailBonus(Scorer):
    """A score adjustment: ``weight`` for each item with fewer than ``count`` train interactions."""

    reads_features: ClassVar[bool] = False

    def __init__(
        self, train: Interactions, features: Tensor | None, weight: float, count: Annotated[int, Ge(1)]
    ) -> None:
        self.values = weight * (train.item_counts < count).float()

    def scores(self, users: Tensor) -> Tensor:
        return self.values.to(users.device).expand(len(users), -1)


class TextLength(FeatureSource):
    """Features: words in each text column of the items.  [I, columns]"""

    def __init__(self, control: Step, transform: Step) -> None:
        self.control, self.transform = control, transform

    def __call__(self, dataset: Dataset, counts: Tensor) -> Features:
        lengths = [[float(len(text.split())) for text in column] for column in dataset.item_fields.values()]
        identity: Mapping[str, Any] = {"class": "TextLength", "columns": list(dataset.item_fields), "lengths": lengths}
        card = {"key": key_of(identity, []), "shape": [dataset.num_items, len(lengths)]}
        return apply_steps(Features(torch.tensor(lengths).T, card), counts, self.control, self.transform)


@dataclass(frozen=True)
class PairLines:
    """A reader: lines ``user item``."""

    pairs: str

    def __call__(self, folder: Path) -> Raw:
        rows = [line.split() for line in (folder / self.pairs).read_text(encoding="utf-8").splitlines()]
        for number, row in enumerate(rows, 1):
            if len(row) != 2:
                raise UserError(f"{folder / self.pairs}, line {number}: {len(row)} words, 'user item' wanted.")
        (user_ids, users), (item_ids, items) = (np.unique(column, return_inverse=True) for column in np.array(rows).T)
        return Raw(users.astype(np.int32), items.astype(np.int32), pl.Series(user_ids), pl.Series(item_ids))


@dataclass(frozen=True)
class PairSplit:
    """A split: a random share of all pairs for validation and for test."""

    val: Annotated[float, Gt(0), Lt(1)]
    test: Annotated[float, Gt(0), Lt(1)]
    seed: int

    def __call__(self, dataset: Dataset) -> Split:
        check_shares(self.val, self.test)
        pairs = all_interactions(dataset)
        place = permute(len(pairs), self.seed) / len(pairs)
        test = place >= 1 - self.test
        val = (place >= 1 - self.test - self.val) & ~test
        return make_split(pairs, val, test, f"random pairs {percent(self.val, self.test)}, seed {self.seed}")
