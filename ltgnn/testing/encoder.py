"""The laws of an encoder (``ltgnn.types.Encoder``)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.fusion import Sum
from ltgnn.models.projection import Linear
from ltgnn.tensors.batch_nodes import nodes_of
from ltgnn.testing import toy
from ltgnn.types import Encoded, Encoder, Graph, LinearTerms, UserError


class EncoderCase:
    """Give ``make``; ``embedding`` and ``graph`` where it requires others than the toy's."""

    dim: int = 4

    def make(self, embedding: NodeEmbedding) -> Encoder:
        """The encoder under test on these first states."""
        raise NotImplementedError

    def embedding(self) -> NodeEmbedding:
        """Ids and projected features added."""
        return NodeEmbedding(toy.interactions(), self.dim, nn.init.normal_, add_features, toy.features())

    def graph(self) -> Graph:
        """The graph of the toy shop."""
        return toy.graph()

    def build(self) -> Encoder:
        """The encoder with seeded weights, in evaluation."""
        with torch.random.fork_rng():
            torch.manual_seed(0)
            return self.make(self.embedding()).eval()

    def test_shapes(self) -> None:
        encoder = self.build()
        assert isinstance(encoder, Encoder), f"{type(encoder).__name__} is not derived from ltgnn.types.Encoder"
        users, items, layers, content, *_ = encoder(self.graph())
        assert users.shape[0] == toy.USERS, f"states of {users.shape[0]} users given, {toy.USERS} wanted"
        assert items.shape == (toy.ITEMS, users.shape[1]), "items: as many columns as users wanted"
        assert layers, "layer 0 at least wanted"
        wrong = [tuple(layer.shape) for layer in layers if layer.shape[0] != toy.USERS + toy.ITEMS]
        assert not wrong, f"layers of all {toy.USERS + toy.ITEMS} nodes wanted, shapes {wrong} given"
        assert content is None or content.shape[0] == toy.ITEMS, "projected features of all items wanted"
        assert bool(users.isfinite().all() & items.isfinite().all()), "the states are not finite"

    def test_same_graph_gives_the_same_states_in_evaluation(self) -> None:
        encoder, graph = self.build(), self.graph()
        for first, second in zip(tables(encoder(graph)), tables(encoder(graph)), strict=True):
            assert torch.equal(first, second), "two passes differ in evaluation"

    def test_known_items_are_a_mask(self) -> None:
        encoder, graph = self.build(), self.graph()
        known = encoder.known_items(graph)
        assert known.dtype == torch.bool, f"a mask wanted, {known.dtype} given"
        assert known.shape == (toy.ITEMS,), f"a mask of all items wanted, shape {tuple(known.shape)} given"
        assert bool(known[toy.interactions().item_counts > 0].all()), "an item with train interactions is not known"

    def test_states_at_some_nodes_are_those_rows_of_the_whole(self) -> None:
        encoder, graph, batch = self.build(), self.graph(), toy.batch(rows=4, negatives=1)
        found = encoder.at(graph, batch)
        if found is not None:
            nodes, encoded = nodes_of(batch, toy.USERS, toy.ITEMS), encoder(graph)
            both = torch.cat([nodes.users, nodes.items + toy.USERS])
            content = [] if encoded.content is None else [encoded.content[nodes.items]]
            wanted = [
                encoded.users[nodes.users],
                encoded.items[nodes.items],
                *(x[both] for x in encoded.layers),
                *content,
            ]
            for part, rows in zip(tables(found[0]), wanted, strict=True):
                close(part, rows, "at: states of the batch's nodes")
            for name in ("users", "pos", "neg"):
                given, named = found[1]._asdict()[name], nodes.batch._asdict()[name]
                assert torch.equal(given, named), f"at: the batch's {name} are not numbered by their rows"

    def test_linear_terms_sum_to_the_score_or_say_why_not(self) -> None:
        encoder, graph = self.build(), self.graph()
        with torch.no_grad():
            encoded = encoder(graph)
        for power in (1.0, 0.5):
            linear = terms_of(encoder, graph, power)
            if linear is None:
                continue
            for user, item in ((0, 0), (1, toy.COLD), (4, 3), (toy.USERS - 1, toy.PLAIN)):
                vector = encoded.items[item].double()
                score = encoded.users[user].double() @ vector * vector.norm().clamp_min(1e-12) ** (power - 1)
                total = sum(term.value for term in linear.terms(user, item))
                assert abs(total - float(score)) < 1e-5, f"terms of user {user}, item {item}: {total}, score {score}"

    def test_fold_in_reads_the_layers_of_a_pass(self) -> None:
        """Where it gives a readout: that of ``x, A x .. A^L x`` is the pass."""
        encoder, graph = self.build(), self.graph()
        readout = encoder.fold_in(graph)
        if readout is not None:
            with torch.no_grad():
                encoded = encoder(graph)
                layers = [encoded.layers[0]]
                for _ in encoded.layers[1:]:
                    layers.append(graph.propagate(layers[-1]))
                close(readout(layers), torch.cat([encoded.users, encoded.items]), "fold_in: the readout of the layers")

    def test_columns_that_are_separable(self) -> None:
        """A column of the tables of ids moves that column of the states alone."""
        encoder, graph = self.build(), self.graph()
        if encoder.column_separable:
            with torch.no_grad():
                before = encoder(graph)
                for table in encoder.embedding.tables.values():
                    table[:, 1] += 1
                after = encoder(graph)
            for one, other in ((before.users, after.users), (before.items, after.items)):
                moved = (one - other).abs().amax(0) > 0
                assert not bool(moved[torch.arange(len(moved)) != 1].any()), "column_separable: a column moved others"


def terms_of(encoder: Encoder, graph: Graph, power: float) -> LinearTerms | None:
    """The terms of its score; None where it says why there are none."""
    try:
        return encoder.linear_terms(graph, power)
    except UserError as error:
        reason = str(error)
    assert reason, "linear_terms: a reason wanted in the message of UserError"
    return None


def add_features(dim: int, features_dim: int) -> Sum:
    """A fusion that reads features: ids plus their projection."""
    return Sum(dim, features_dim, Linear)


def tables(encoded: Encoded) -> list[Tensor]:
    """Users, items, layers, and projected features where there are some."""
    content = [] if encoded.content is None else [encoded.content]
    return [encoded.users, encoded.items, *encoded.layers, *content]


def close(found: Tensor, wanted: Tensor, what: str) -> None:
    """Equal up to rounding in float32."""
    assert found.shape == wanted.shape, f"{what}: shape {tuple(found.shape)} given, {tuple(wanted.shape)} wanted"
    assert torch.allclose(found, wanted, rtol=1e-5, atol=1e-6), f"{what}: {found} given, {wanted} wanted"
