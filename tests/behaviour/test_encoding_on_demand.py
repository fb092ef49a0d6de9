"""Items are encoded where a part of the run reads their features, and nowhere else: an encoder that refuses tells."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

import pytest
from safetensors.torch import load_file
from torch import Tensor

import ltgnn
from ltgnn.types import UserError
from tests.commands.update_case import ITEMS
from tests.conftest import run_folders
from tests.toy import Words

Launch = Callable[..., int]
ENCODER = "features.encoder._target_=tests.behaviour.test_encoding_on_demand.Watched"
REFUSAL = "the items were encoded"


class Watched(Words):
    """Words that may not be read."""

    refuses: ClassVar[bool] = True

    def __call__(self, texts: Sequence[str]) -> Tensor:
        if self.refuses:
            raise UserError(REFUSAL)
        return super().__call__(texts)


@pytest.mark.parametrize(
    "words",
    [
        ("model=lightgcn", "fusion=id"),
        ("model=mf", "fusion=id", "score=popularity"),
        ("fusion=id", "views=simgcl", "loss=bpr_infonce"),
        ("fusion=id", "loss=residual", "model@loss.ranking.base=ease"),
        ("fusion=id", "graph=decay"),
        ("model=ease",),
        ("model=gfcf", "score=popularity"),
    ],
)
def test_nothing_is_encoded_where_no_part_reads_it(launch: Launch, tmp_path: Path, words: tuple[str, ...]) -> None:
    assert launch(ENCODER, *words, "eval=accuracy", "epochs=1") == 0
    (folder,) = run_folders(tmp_path / "logs")
    assert not (folder / "features_card.json").exists()
    assert json.loads((folder / "metrics.json").read_text())["reads_features"] is False
    line = "item features (features=words): no part of this run reads them, so no item is encoded"
    assert (folder / "run.log").read_text().count(line) == 1


@pytest.mark.parametrize(
    ("words", "readers"),
    [
        (("fusion=sum", "eval=accuracy"), "read by fusion=sum"),
        (("fusion=id", "graph=semantic", "eval=accuracy"), "read by graph=semantic"),
        (("fusion=id", "model=lightgcn_content", "eval=accuracy"), "read by model=lightgcn_content"),
        (("fusion=id", "score=content", "eval=accuracy"), "read by score=content"),
        (
            ("fusion=id", "loss=residual", "model@loss.ranking.base=ease_content", "eval=accuracy"),
            "read by loss=residual",
        ),
        (("model=ease_content", "eval=accuracy"), "read by model=ease_content"),
        (("model=ease",), "read by eval.lists.ild_features alone, not by the model; without it"),
        (("model=ease_content",), "read by model=ease_content and eval.lists.ild_features"),
    ],
)
def test_each_part_that_reads_them_is_named_and_gets_them(
    launch: Launch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    readers: str,
) -> None:
    assert launch(ENCODER, *words, "epochs=1") == 1
    assert REFUSAL in capsys.readouterr().err
    (folder,) = run_folders(tmp_path / "logs")
    assert (folder / "run.log").read_text().count(readers) == 1


def test_the_only_metric_that_reads_them_can_be_left_out(launch: Launch) -> None:
    assert launch(ENCODER, "model=ease", "~eval.lists.ild_features") == 0


def test_each_job_of_a_sweep_decides_for_itself(launch: Launch, tmp_path: Path) -> None:
    launch(ENCODER, "model=mf", "fusion=id,sum", "eval=accuracy", "epochs=1", "sweep.on_error=continue", "-m")
    (done,) = [folder for folder in run_folders(tmp_path / "logs") if (folder / "metrics.json").exists()]
    assert "_id_" in done.name


@pytest.mark.parametrize("words", [("model=ease",), ("model=mf", "fusion=id")])
def test_a_run_without_them_is_used_without_and_encodes_when_asked(
    launch: Launch,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
) -> None:
    from ltgnn.commands.evaluate import main as evaluate
    from ltgnn.commands.export import main as export
    from ltgnn.commands.update import main as update
    from ltgnn.inference.explanation.open_explainer import explainer
    from ltgnn.inference.open_run import OpenRun

    assert launch(ENCODER, *words, "eval=accuracy", "epochs=1") == 0
    (run,) = run_folders(tmp_path / "logs")
    served = ltgnn.load(run)
    assert served.recommend(["u1"], k=3).height == 3
    assert served.similar("i1", k=3).height == 3
    shop = OpenRun(str(run), by=["words"])
    assert shop.find("castle", 2)
    assert explainer(shop)("u1", served.recommend(["u1"], k=1)["item"][0]).lines
    assert export([f"run={run}", f"out={tmp_path / 'export'}"]) == 0
    assert "features" not in load_file(tmp_path / "export" / "model.safetensors")
    with pytest.raises(UserError, match=r"by=features: this model has no item features. Set by=users"):
        ltgnn.load(tmp_path / "export").similar("i1", by="features")
    (tmp_path / "events.csv").write_text("user,item\nu3,i40\nnew,sword\n")
    (tmp_path / "items.csv").write_text(f"item,title\nsword,{ITEMS['sword']['title']}\n")
    given = [f"events={tmp_path / 'events.csv'}", f"items={tmp_path / 'items.csv'}"]
    assert update([f"run={run}", *given, f"out={tmp_path / 'updated'}"]) == 0
    assert evaluate([f"run={run}", "eval.ks=[5,20]"]) == 0

    with pytest.raises(UserError, match=REFUSAL):
        ltgnn.load(run).similar("i1", by="features")
    with pytest.raises(UserError, match=REFUSAL):
        OpenRun(str(run)).find("castle", 2)
    monkeypatch.setattr(Watched, "refuses", False)
    said = list[str]()  # Hydra has put handlers of its own in the place of pytest's
    monkeypatch.setattr("ltgnn.inference.finished_run.log.warning", lambda text, *given: said.append(text % given))
    near = ltgnn.load(run).similar("i1", k=3, by="features")
    assert all("castle" in title for title in near["title"])
    assert any("no part of the run read item features" in line for line in said)
    assert "text" in OpenRun(str(run)).find("castle", 2)[0].by
