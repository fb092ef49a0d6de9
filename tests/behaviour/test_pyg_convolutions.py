"""``model=pyg`` from training to an export, with each convolution and with one of the user's own yaml."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import ltgnn
from ltgnn.commands.export import main as export
from ltgnn.commands.recommend import main as recommend
from ltgnn.commands.update import main as update
from ltgnn.config.paths import conf_dir

CONVS = sorted(file.stem for file in (conf_dir() / "model/conv").glob("*.yaml"))

RELATIONS = ["graph=relations", "+data/relations=fields", '+data.relations.fields.lists.word=[title," "]']
"""What convolutions on typed edges need: the words of titles as entities."""

OWN = """
# @package model.encoder
# the sum of the neighbours beside the node's own state
weights: edge_weight
conv:
  _target_: torch_geometric.nn.GraphConv
  _partial_: true
  in_channels: ${dim}
  out_channels: ${dim}
"""


@pytest.mark.parametrize("conv", [*CONVS, "own"])
def test_a_run_is_trained_answers_and_is_exported(launch: Callable[..., int], tmp_path: Path, conv: str) -> None:
    own = tmp_path / "own/model/conv/own.yaml"
    own.parent.mkdir(parents=True)
    own.write_text(OWN)
    run = tmp_path / "run"
    words = RELATIONS if conv in ("rgcn", "hgt") else []
    words = [
        *words,
        f"model/conv={conv}",
        "model.encoder.activation=tanh",
        "fusion=sum",
        "epochs=2",
        f"paths.run_dir={run}",
    ]
    assert launch("--config-dir", str(tmp_path / "own"), "model=pyg", *words) == 0
    assert 0 < json.loads((run / "metrics.json").read_text())["test"]["ndcg@20"] < 1
    assert recommend([f"run={run}", "users=u1,u2", "k=3", f"out={tmp_path / 'lists.csv'}"]) == 0
    assert export([f"run={run}", f"out={tmp_path / 'export'}"]) == 0
    pl.DataFrame({"user": ["u1"], "item": ["i5"], "time": [99.0]}).write_csv(tmp_path / "events.csv")
    assert update([f"run={run}", f"events={tmp_path / 'events.csv'}", f"out={tmp_path / 'later'}"]) == 0
    mine = ltgnn.load(tmp_path / "export").recommend(["u1", "u2"], k=3)
    assert pl.read_csv(tmp_path / "lists.csv")["item"].to_list() == mine["item"].to_list()
    np.testing.assert_allclose(pl.read_csv(tmp_path / "lists.csv")["score"], mine["score"], rtol=1e-4)


def test_with_lgconv_it_is_lightgcn(launch: Callable[..., int], tmp_path: Path) -> None:
    """The same numbers after epochs of training."""
    found = []
    for model in ("pyg", "lightgcn"):
        assert launch(f"model={model}", f"paths.run_dir={tmp_path / model}") == 0
        found.append(json.loads((tmp_path / model / "metrics.json").read_text())["test"])
    assert found[0].keys() == found[1].keys()
    for name, value in found[0].items():
        np.testing.assert_allclose(value, found[1][name], rtol=1e-4, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("graph", ["decay", "lightgcnpp"])
def test_a_graph_that_a_convolution_cannot_read_is_refused(
    launch: Callable[..., int], capsys: pytest.CaptureFixture[str], graph: str
) -> None:
    assert launch("model=pyg", "model/conv=sage", f"graph={graph}") == 1
    assert re.search(r"model(/conv|=pyg).*graph=", capsys.readouterr().err)
