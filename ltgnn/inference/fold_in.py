"""Fresh events folded into a trained LightGCN: only what they reach is computed anew."""

from __future__ import annotations

from typing import Any

import torch
from omegaconf import DictConfig
from torch import Tensor

from ltgnn.build import Problem
from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.inference.incremental_propagation import Propagation, Update, opened
from ltgnn.inference.new_interactions import Fresh
from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.lightgcn import LightGCN
from ltgnn.types import Encoded


class Folder:
    """A trained LightGCN (any fusion, any normalisation, weighted edges by event) kept open for fresh events."""

    def __init__(self, cfg: DictConfig, setting: Problem, module: Any) -> None:
        self.cfg, self.setting, self.module = cfg, setting, module
        train, graph = setting.split.train, module.graph
        encoded: Encoded = module.encoded()
        self.final = torch.cat([encoded.users, encoded.items])
        edges = (train.users, train.items, graph.strength.cpu())
        self.graph: Propagation = opened(
            edges, train.num_users, train.num_items, encoded.layers, graph.normalisation, graph.message
        )
        self.trained = train.item_counts > 0

    @staticmethod
    def possible(cfg: DictConfig, module: Any) -> bool:
        """Whether only the neighbourhood of a new event changes: a plain LightGCN without item edges and decay."""
        graph, encoder = module.graph, module.encoder
        return (
            type(encoder) is LightGCN
            and type(encoder.embedding) is NodeEmbedding
            and isinstance(encoder.embedding.features, Tensor | None)
            and not isinstance(encoder.embedding.text, torch.nn.Module)
            and type(graph) is BipartiteGraph
            and not graph.between_items
            and "decay" not in (cfg.graph.get("strength") or {})
        )

    @torch.no_grad()
    def take(self, new: Fresh, after: Problem) -> tuple[Encoded, Update]:
        """States of the grown graph; equal to a build from scratch (:func:`whole`) up to rounding."""
        embedding = self.module.encoder.embedding
        before, train = self.setting.dataset, after.split.train
        counts = train.item_counts
        graph = self.graph.grown(len(new.user_ids), len(new.item_ids))
        # whose first state may be another: new items, and items whose count a fusion may ask for
        items = torch.unique(torch.cat([new.items, torch.arange(before.num_items, train.num_items)]))
        first, rows = self._first(embedding, items, counts, after), items + train.num_users
        same = (first == graph.layers[0][rows]).all(1)
        strength = torch.ones(len(new.users), dtype=torch.float64)
        update = graph.updated(new.users, new.items, strength, first[~same], rows[~same])
        final = self.graph.spread(self.final, len(new.user_ids), len(new.item_ids))
        states = update.read_out(self.module.encoder.readout, final)
        users, goods = states.split([train.num_users, train.num_items])
        return Encoded(users, goods, update.graph.layers), update

    def _first(self, embedding: Any, items: Tensor, counts: Tensor, after: Problem) -> Tensor:
        """First states of some items.  [n] -> [n, d]"""
        ids = None
        if embedding.items is not None:
            old = items < len(embedding.items)
            ids = torch.zeros(len(items), embedding.dim)
            ids[old] = embedding.items.detach()[items[old]]
            if embedding.hides_cold:
                ids[old] *= self.trained[items[old], None]
        text = None if after.features is None else after.features.values[items]
        states: Tensor = embedding.fusion(ids, text, counts[items])[0]
        return states
