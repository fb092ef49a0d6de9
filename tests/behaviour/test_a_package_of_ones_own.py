"""Parts of a package outside of ltgnn are trained, explained, updated and cut by columns, if they can be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
import torch

import ltgnn
from ltgnn.cli import main
from ltgnn.inference.explanation.open_explainer import explainer
from ltgnn.inference.open_run import OpenRun
from tests.conftest import CONF, run_folders

Lab = Callable[..., Path]

FILES = {
    "mylab/__init__.py": "",
    "mylab/parts.py": '''
        """An encoder, a fusion, a loss and a closed form."""

        import torch
        from torch import nn
        from torch.nn import functional as F

        from ltgnn.losses.rows import scores
        from ltgnn.models.fusion import ItemFusion
        from ltgnn.models.linear_score import LinearScore
        from ltgnn.scoring.masked import mask_items
        from ltgnn.scoring.item_weights import ItemItemWeights
        from ltgnn.types import Encoded, Encoder, Loss, identity


        class Fading(Encoder):
            """``sum over l of fade^l A^l x``."""

            def __init__(self, embedding, num_layers, fade):
                super().__init__()
                self.embedding, self.num_layers, self.fade = embedding, num_layers, fade

            def read_out(self, layers):
                return sum(self.fade**number * layer for number, layer in enumerate(layers))

            def forward(self, graph, perturb=identity):
                state, content = self.embedding()
                layers = [state]
                for number in range(1, self.num_layers + 1):
                    layers.append(perturb(graph.propagate(layers[-1]), number))
                sides = self.embedding.num_users, self.embedding.num_items
                return Encoded(*self.read_out(layers).split(sides), tuple(layers), content)

            def linear_terms(self, graph, norm_power):
                return LinearScore(self.embedding, self.num_layers, self.read_out, graph, norm_power)

            def fold_in(self, graph):
                return self.read_out

            @property
            def column_separable(self):
                return True


        class Half(ItemFusion):
            """Half of the projected features beside the id."""

            note = "fusion=half: half of the features."

            def __init__(self, dim, features_dim):
                super().__init__()
                self.projector = nn.Linear(features_dim, dim, bias=False)

            def forward(self, ids, features, counts):
                projected = self.project(features)
                return ids + projected / 2, projected

            def project(self, features):
                return self.projector(features)

            def parts(self, ids, features, counts):
                return ids, self.project(features) / 2


        class Hinge(Loss):
            """``max(0, 1 - s(pos) + s(neg))``."""

            local = row_separable = column_separable = True

            def __call__(self, batch, main, views):
                pos, neg = scores(main, batch, cosine=False)
                return F.relu(1 - pos[:, None] + neg).mean()


        class Together:
            """How many users have both items."""

            reads_features = False

            def fit(self, train, features):
                rows = torch.zeros(train.num_users, train.num_items)
                rows[train.users, train.items] = 1
                weights = (rows.T @ rows).fill_diagonal_(0)
                return mask_items(ItemItemWeights(*train.by_user, weights), train.item_counts > 0)
    ''',
    "conf/model/fading.yaml": """
        embedding:
          _target_: ltgnn.models.embedding.NodeEmbedding
          _partial_: true
          dim: ${dim}
          init: ${init}
        encoder:
          _target_: mylab.parts.Fading
          _partial_: true
          num_layers: ${num_layers}
          fade: 0.5
    """,
    "conf/model/together.yaml": "closed_form:\n  _target_: mylab.parts.Together\n",
    "conf/fusion/half.yaml": "_target_: mylab.parts.Half\n_partial_: true\n",
    "conf/loss/hinge.yaml": "hinge:\n  _target_: mylab.parts.Hinge\n",
}


@pytest.fixture
def lab(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """Trains on the toy shop with the parts of ``mylab``; the run folder."""
    for name, text in FILES.items():
        file = tmp_path / "lab" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip("\n"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path / "lab"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "lab"))  # of further processes
    monkeypatch.setenv("LTGNN_TRUST", "mylab,tests")
    monkeypatch.setenv("LTGNN_CACHE", str(tmp_path / "cache"))

    def train(*words: str) -> Path:
        toy = ["--config-dir", str(CONF), f"hydra.searchpath=[file://{tmp_path / 'lab' / 'conf'}]"]
        toy += ["data=toy", f"data.files.path={shop}", "features=words", "logger=none", "epochs=2", "min_epochs=1"]
        small = ["dim=8", "num_layers=2", "batch_size=256", "eval_every=1", "lr=0.05", f"paths.log_dir={tmp_path}/logs"]
        before = set(run_folders(tmp_path / "logs"))
        assert main(["train", *toy, *small, *words]) == 0
        (folder,) = set(run_folders(tmp_path / "logs")) - before
        return folder

    return train


def test_an_encoder_a_fusion_and_a_loss_have_all_abilities(
    lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = lab("model=fading", "fusion=half", "loss=hinge")
    assert json.loads((run / "metrics.json").read_text())["test"]["ndcg@20"] > 0
    capsys.readouterr()

    assert main(["explain", f"run={run}", "user=u3", "item=i40"]) == 0
    assert "fusion=half: half of the features." in capsys.readouterr().out
    explain = explainer(OpenRun(str(run)))
    found = explain("u3", "i40")
    assert found.total == pytest.approx(found.score, abs=1e-5)
    assert found.by["features"] != 0

    assert len(ltgnn.load(run).recommend(["u3"], k=5)) == 5

    events, items = tmp_path / "events.csv", tmp_path / "items.csv"
    events.write_text("user,item\nu3,i40\nnew,i0\nnew,sword\n")
    items.write_text("item,title\nsword,the castle number one\n")
    out = tmp_path / "updated"
    assert main(["update", f"run={run}", f"events={events}", f"items={items}", f"out={out}"]) == 0
    assert json.loads((out / "update.json").read_text())["computed again"].startswith("vectors of ")
    assert "sword" in set(ltgnn.load(out).recommend(["u9"], k=50)["item"])


def test_its_tables_are_cut_by_columns(lab: Lab) -> None:
    words = ["model=fading", "fusion=id", "loss=hinge", "trainer.accelerator=cpu", "trainer.precision=32-true"]
    alone, shared = lab(*words), lab(*words, "trainer=dim_parallel")
    states = [torch.load(run / "checkpoints/last.ckpt", weights_only=True)["state_dict"] for run in (alone, shared)]
    for name, weight in states[0].items():
        torch.testing.assert_close(states[1][name], weight, atol=1e-5, rtol=1e-4)


def test_a_closed_form_is_explained_and_computed_again(lab: Lab, tmp_path: Path) -> None:
    run = lab("model=together")
    found = explainer(OpenRun(str(run)))("u3", "i40")
    assert found.total == pytest.approx(found.score)
    assert found.by.keys() == {"item weights"}
    events, out = tmp_path / "events.csv", tmp_path / "updated"
    events.write_text("user,item\nu3,i40\n")
    assert main(["update", f"run={run}", f"events={events}", f"out={out}"]) == 0
    assert "closed form" in json.loads((out / "update.json").read_text())["computed again"]
    assert len(ltgnn.load(run).recommend(["u3"], k=5)) == 5


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("loss.hinge._target_=builtins.object", "loss.hinge: object given, a subclass of ltgnn.types.Loss wanted"),
        ("views._target_=builtins.object", "views: object given, a subclass of ltgnn.types.Views wanted"),
    ],
)
def test_a_part_without_the_base_class_is_refused(
    lab: Lab, capsys: pytest.CaptureFixture[str], override: str, said: str
) -> None:
    with pytest.raises(AssertionError):
        lab("model=fading", "fusion=half", "loss=hinge", override)
    assert said in capsys.readouterr().err
