"""Relations of a data set reach a graph part of a package outside of ltgnn, and the graph is trained on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest
import torch

from ltgnn.build import build_graph
from ltgnn.cli import main
from ltgnn.inference.finished_run import load_finished_run
from ltgnn.inference.new_interactions import encode_new, extend_problem
from tests.conftest import CONF

FILES = {
    "mykg/__init__.py": "",
    "mykg/parts.py": '''
        """A reader with relations, item-item edges made of them, a graph that weighs them itself, and a plain one."""

        from dataclasses import replace

        import torch

        from ltgnn.data.sources.recbole import RecBoleAtomic
        from ltgnn.graph.bipartite import BipartiteGraph
        from ltgnn.graph.relation_edges import RelationEdges, find_relation
        from ltgnn.graph.semantic import Edges
        from ltgnn.types import Graph, Relation


        class Shop(RecBoleAtomic):
            """Each item has the brand that its number says, and is followed by the next one."""

            def __call__(self, folder):
                raw = super().__call__(folder)
                items = torch.arange(len(raw.item_ids))
                brand = Relation(items, items % 6, 6, "brand", [f"b{n}" for n in range(6)])
                then = Relation(items, items.roll(-1), len(items), "item")
                return replace(raw, relations={"brand": brand, "then": then})


        class SameBrand(RelationEdges):
            """Edges between the items of a brand."""

            def __init__(self, relation, weight):
                self.relation, self.weight = relation, weight

            def connect(self, relations, num_items):
                one = find_relation(relations, self.relation)
                brands = torch.zeros(num_items, one.num_others)
                brands[one.items, one.others] = 1
                left, right = (brands @ brands.T).triu(1).nonzero(as_tuple=True)
                return Edges(left, right, torch.full((len(left),), self.weight))


        class Through(Graph):
            """Items send what they have to the next one."""

            reads_features, reads_relations = False, True

            def __init__(self, train, features, relations, relation):
                one = find_relation(relations, relation)
                size = train.num_users + train.num_items
                self.matrix = torch.zeros(size, size)
                users, items = train.users, train.items + train.num_users
                self.matrix[users, items] = self.matrix[items, users] = 1.0
                self.matrix[train.num_users + one.others, train.num_users + one.items] = 1.0
                self.matrix /= self.matrix.sum(1, keepdim=True).clamp_min(1)

            def propagate(self, states):
                return self.matrix @ states


        class Plain(Graph):
            """As a graph was before there were relations: it takes the train part and the features."""

            reads_features = False

            def __init__(self, train, features):
                self.size = train.num_users + train.num_items

            def propagate(self, states):
                return states
    ''',
    "conf/data/kg.yaml": "defaults: [toy, _self_]\nreader: {_target_: mykg.parts.Shop}\n",
    "conf/graph/item_edges/brand.yaml": """
        # between items of a brand
        brand: { _target_: mykg.parts.SameBrand, relation: brand, weight: 0.2 }
    """,
    "conf/graph/through.yaml": "{ _target_: mykg.parts.Through, _partial_: true, relation: then }\n",
    "conf/graph/plain.yaml": "{ _target_: mykg.parts.Plain, _partial_: true }\n",
}

Train = Callable[..., tuple[int, Path]]


@pytest.fixture
def lab(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Train:
    """Trains on the toy shop with relations; exit status and run folder."""
    for name, text in FILES.items():
        file = tmp_path / "lab" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip("\n"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path / "lab"))
    monkeypatch.setenv("LTGNN_TRUST", "mykg")
    monkeypatch.setenv("LTGNN_CACHE", str(tmp_path / "cache"))

    def train(*words: str) -> tuple[int, Path]:
        folder = tmp_path / "runs" / "-".join(word.partition("=")[2] or "x" for word in words).replace("/", "-")
        toy = ["--config-dir", str(CONF), f"hydra.searchpath=[file://{tmp_path / 'lab' / 'conf'}]", "logger=none"]
        toy += [f"data.files.path={shop}", "features=none", "fusion=id", "epochs=2", "min_epochs=1", "eval_every=1"]
        small = ["dim=8", "num_layers=2", "batch_size=256", "lr=0.05", f"hydra.run.dir={folder}"]
        return main(["train", *toy, *small, *words]), folder

    return train


def test_item_edges_are_made_from_relations(lab: Train) -> None:
    code, run = lab("data=kg", "graph/item_edges=brand")
    assert code == 0
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["test"]["ndcg@20"] > 0
    assert metrics["reads_features"] is False
    assert "brand" in json.loads((run / "data_card.json").read_text())["relations"]

    _, cfg, problem = load_finished_run(run)
    train, relations = problem.split.train, problem.dataset.relations
    graph = build_graph(cfg, train, None, relations)
    columns, _ = graph.messages_to(train.num_users + 7)
    of_items = {int(c) - train.num_users for c in columns if c >= train.num_users}
    assert of_items == {item for item in range(train.num_items) if item % 6 == 7 % 6} - {7}
    with pytest.raises(Exception, match=r"reads the relation 'brand', but the data set has none"):
        build_graph(cfg, train, None, {})

    new = encode_new(problem.dataset, train, [("u1", "fresh")], {})
    after = extend_problem(cfg, problem, new)
    assert after.dataset.relations["brand"].num_others == 6
    assert after.dataset.relations["then"].num_others == problem.dataset.num_items + 1
    assert build_graph(cfg, after.split.train, None, after.dataset.relations).messages_to(0)[0].numel() > 0


def test_a_graph_of_ones_own_gets_the_relations(lab: Train) -> None:
    code, run = lab("data=kg", "graph=through")
    assert code == 0
    _, cfg, problem = load_finished_run(run)
    train, relations = problem.split.train, problem.dataset.relations
    states = torch.zeros(train.num_users + train.num_items, 1)
    states[train.num_users + 3] = 1
    there = build_graph(cfg, train, None, relations).propagate(states)
    assert there[train.num_users + 4] > 0
    turned = {"then": replace(relations["then"], others=relations["then"].others.roll(1))}
    assert build_graph(cfg, train, None, turned).propagate(states)[train.num_users + 4] == 0


def test_a_graph_without_relations_is_called_as_before(lab: Train) -> None:
    assert lab("data=kg", "graph=plain")[0] == 0


def test_a_relation_that_is_not_there(lab: Train, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(AssertionError, match="0"):
        assert lab("data=toy", "graph/item_edges=brand")[0] == 0
    assert (
        "graph= reads the relation 'brand', but the data set has none: choose data= with it" in capsys.readouterr().err
    )
