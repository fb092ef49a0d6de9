"""Parts that treat each kind of features separately know the kinds that ``features=`` has, however deep they stand."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from omegaconf import OmegaConf

from ltgnn.build import Problem, build_graph, build_module, fit_closed_form
from ltgnn.models.closed_form.turbo_cf import MultimodalFilter
from ltgnn.types import Batch, Block, Features, UserError
from tests.axes import PLAIN, Tree

WEIGHTS = {
    "model=freedom_kinds": "model.encoder.item_graph.edges.weights",
    "model=lattice": "model.encoder.item_graph.edges.weights",
    "model=mmgcn": "model.encoder.kinds.weights",
    "loss=bm3": "loss.ranking.kinds.weights",
    "graph=semantic_kinds": "graph.item_edges.kinds.weights",
}
"""Word -> the key of its weights."""


@pytest.fixture
def kinds(problem: Problem) -> Problem:
    """The toy shop with two kinds of features, the second of which every third item lacks."""
    items = problem.split.train.num_items
    values = torch.randn(items, 7, generator=torch.Generator().manual_seed(3))
    blocks = {
        "text": Block(slice(0, 4), torch.ones(items, dtype=torch.bool)),
        "images": Block(slice(4, 7), torch.arange(items) % 3 > 0),
    }
    return replace(problem, make_features=lambda: Features(values, {"key": "kinds"}, blocks))


def loss_of(tree: Tree, kinds: Problem, word: str, weights: dict[str, float]) -> float:
    """The objective on some pairs before the first step."""
    axis, name = word.split("=")
    cfg = tree.config(PLAIN | {axis: name})
    OmegaConf.update(cfg, WEIGHTS[word], weights, force_add=True)
    module, train = build_module(cfg, kinds).train(), kinds.split.train
    users, pos = train.users[:40], train.items[:40]
    batch = Batch(users, pos, module.sampler(users, pos, torch.Generator().manual_seed(0)), module.sampler.proposal)
    return float(torch.stack(list(module.objective(batch).values())).sum().detach())


@pytest.mark.parametrize("word", WEIGHTS)
def test_weights_are_by_the_names_of_the_kinds(tree: Tree, kinds: Problem, word: str) -> None:
    equal = loss_of(tree, kinds, word, {})
    assert loss_of(tree, kinds, word, {"text": 1.0, "images": 1.0}) == pytest.approx(equal, rel=1e-6)
    assert loss_of(tree, kinds, word, {"text": 0.2, "images": 0.8}) != pytest.approx(equal, rel=1e-6)
    with pytest.raises(UserError, match=r"a weight for each of text, images wanted"):
        loss_of(tree, kinds, word, {"text": 1.0})


def test_items_without_a_kind_have_no_edge_of_it(tree: Tree, kinds: Problem) -> None:
    cfg = tree.config(PLAIN | {"graph": "semantic_kinds"})
    OmegaConf.update(cfg, WEIGHTS["graph=semantic_kinds"], {"text": 0.0, "images": 1.0}, force_add=True)
    graph = build_graph(cfg, kinds.split.train, kinds.features, {})
    users = kinds.split.train.num_users
    for item in range(kinds.split.train.num_items):
        from_items = graph.messages_to(users + item)[0] >= users
        assert bool(from_items.any()) == (item % 3 > 0)


def test_a_closed_form_gets_them_too(tree: Tree, kinds: Problem) -> None:
    cfg = tree.config(PLAIN | {"model": "mm_gf"})
    OmegaConf.update(cfg, "model.closed_form.weights", {"text": 6.0, "images": 0.1}, force_add=True)
    everyone, features = torch.arange(kinds.split.train.num_users), kinds.features
    assert features is not None
    model = MultimodalFilter(0.89, 0.67, 40000, {"text": 6.0, "images": 0.1}).with_blocks(features.blocks)
    wanted = model.fit(kinds.split.train, features.values)
    assert torch.equal(fit_closed_form(cfg, kinds).scores(everyone), wanted.scores(everyone))
