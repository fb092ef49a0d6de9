"""A run on the graph of users, items and entities: trained, opened, explained, extended; cold items are listed."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
import torch

import ltgnn
from ltgnn.cli import main
from ltgnn.inference.finished_run import load_finished_run
from ltgnn.inference.restore import load_module
from tests.conftest import CONF
from tests.toy import TOPICS


@pytest.fixture(params=["relations", "relations_learned"])
def run(request: pytest.FixtureRequest, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """On the toy shop, whose titles have the topic that users like, with 10 % of the items cold."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LTGNN_CACHE", str(tmp_path / "cache"))
    words = [f"graph={request.param}", "split=cold_items", "+data/relations=fields"]
    words += ['+data.relations.fields.lists.word=[title," "]', "graph.weight=0.5", f"hydra.run.dir={tmp_path / 'run'}"]
    toy = ["--config-dir", str(CONF), "data=toy", f"data.files.path={shop}", "features=none", "logger=none"]
    small = ["dim=8", "num_layers=3", "batch_size=256", "lr=0.05", "epochs=20", "min_epochs=20", "eval_every=10"]
    assert main(["train", *toy, *small, *words]) == 0
    return tmp_path / "run"


def test_cold_items_are_ranked_by_their_relations(run: Path, tmp_path: Path) -> None:
    """Of items that nobody has touched, those of the topic of a user come first."""
    assert json.loads((run / "metrics.json").read_text())["reads_features"] is False
    assert json.loads((run / "data_card.json").read_text())["relations"]["word"].endswith("of word")
    folder, cfg, problem = load_finished_run(run)
    module = load_module(cfg, problem, folder, torch.device("cpu"))
    cold = problem.split.train.item_counts == 0
    known = module.encode_all().known
    assert known is not None
    assert known[cold].all()
    users, items = (
        torch.tensor([int(name[1:]) % len(TOPICS) for name in ids])
        for ids in (problem.dataset.user_ids, problem.dataset.item_ids)
    )
    scores, alike = module.scorer()(torch.arange(len(users)))[:, cold], users[:, None] == items[cold][None]
    assert scores[alike].mean() > scores[~alike].mean() + 0.1

    names = {item for item, is_cold in zip(problem.dataset.item_ids, cold.tolist(), strict=True) if is_cold}
    assert names & set(ltgnn.load(run).recommend(list(problem.dataset.user_ids), k=48)["item"]) == names
    events, out = tmp_path / "events.csv", tmp_path / "out"
    events.write_text("user,item\nu1,i40\nfresh,i3\n")
    assert main(["update", f"run={run}", f"events={events}", f"out={out}"]) == 0
    assert ltgnn.load(out).recommend(["fresh"], k=5).filter(pl.col("score").is_finite()).height == 5
    assert main(["explain", f"run={run}", f"user={problem.dataset.user_ids[0]}", f"item={sorted(names)[0]}"]) == 0
