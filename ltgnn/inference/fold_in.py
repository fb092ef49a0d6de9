"""New events folded into a trained model of linear propagation: only the states they reach are recomputed."""

from __future__ import annotations

import torch
from torch import Tensor

from ltgnn.build import Problem
from ltgnn.inference.incremental_propagation import Propagation, Update, make_propagation
from ltgnn.inference.new_interactions import NewInteractions
from ltgnn.module import Recommender
from ltgnn.scoring.known_items import reach, with_new
from ltgnn.types import Embedding, Encoded, UserError


class FoldIn:
    """A trained model kept open for new events: any encoder and graph with ``fold_in`` (``ltgnn.types``)."""

    def __init__(self, problem: Problem, module: Recommender) -> None:
        self.problem, self.embedding = problem, module.encoder.embedding
        train, readout, rule = problem.split.train, module.encoder.fold_in(module.graph), module.graph.fold_in()
        if readout is None or rule is None:
            raise UserError("this model and graph cannot fold in events one by one: the graph has to be rebuilt.")
        self.readout, self.strength_of = readout, rule.strength_of
        encoded = module.encode_all()
        self.final = torch.cat([encoded.users, encoded.items])
        edges = (train.users, train.items, rule.strength)
        self.graph: Propagation = make_propagation(
            edges, train.num_users, train.num_items, encoded.layers, rule.normalisation, rule.message
        )

    @staticmethod
    def supports(module: Recommender) -> bool:
        """Whether only the neighbourhood of a new event changes."""
        return module.encoder.fold_in(module.graph) is not None and module.graph.fold_in() is not None

    @torch.no_grad()
    def update(self, new: NewInteractions, after: Problem) -> tuple[Encoded, Update]:
        """States of the extended graph; equal to a build from scratch (:func:`rebuild_module`) up to rounding."""
        embedding = self.embedding
        before, train = self.problem.dataset, after.split.train
        counts = train.item_counts
        graph = self.graph.grow(len(new.user_ids), len(new.item_ids))
        # whose first state may differ: new items, and items whose count a fusion may use
        items = torch.unique(torch.cat([new.items, torch.arange(before.num_items, train.num_items)]))
        features = None if embedding.features is None else after.feature_matrix  # of the fusions that read none: none
        first = embedding.first_items(items, None if features is None else features[items], counts[items])
        rows = items + train.num_users
        same = (first == graph.layers[0][rows]).all(1)
        strength = torch.ones(len(new.users), dtype=torch.float64)
        if self.strength_of is not None and len(new.users):
            added = torch.arange(len(train)) >= len(train) - len(new.users)  # behind those that were there
            strength = self.strength_of(train.select(added))
        update = graph.update(new.users, new.items, strength, first[~same], rows[~same])
        final = self.graph.extend_rows(self.final, len(new.user_ids), len(new.item_ids))
        states = update.read_out(self.readout, final)
        users, goods = states.split([train.num_users, train.num_items])
        known = self._known_items(embedding, update.graph, features)
        return Encoded(users, goods, update.graph.layers, known=known), update

    def _known_items(self, embedding: Embedding, graph: Propagation, features: Tensor | None) -> Tensor:
        """Items that the extended model can score: the ids of new items are not trained.  [I] bool"""
        trained = with_new(embedding.trained_items, graph.num_items)
        old_users = with_new(torch.ones(embedding.num_users, dtype=torch.bool), graph.num_users)
        known = torch.cat([old_users, embedding.known_items(features, trained)])
        return reach(known, graph.neighbours, len(graph.layers) - 1)[graph.num_users :]
