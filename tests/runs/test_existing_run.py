"""A finished run begun again in its folder, and one opened on data that have changed: nothing is lost or mixed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ltgnn.commands.evaluate import main as evaluate
from ltgnn.inference.finished_run import open_run
from ltgnn.types import UserError
from tests.runs.existing_run_case import EASE
from tests.toy import write_shop

Launch = Callable[..., int]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a run but its log, which Hydra opens before anything is decided."""
    return {str(f): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file() and f.name != "run.log"}


def test_the_same_recipe_stands_and_another_is_refused(
    launch: Launch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = f"data.files.path={write_shop(tmp_path / 'mine', seed=1)}"
    assert launch(place, *EASE) == 0
    before = contents(tmp_path / "run")
    capsys.readouterr()
    assert launch(place, *EASE) == 0
    printed = capsys.readouterr().out
    assert "nothing is run" in printed
    assert "NDCG@20" in printed  # its table is shown
    assert contents(tmp_path / "run") == before

    assert launch(place, *EASE, "model.closed_form.l2=7") == 1
    error = capsys.readouterr().err
    assert "model.closed_form.l2 is 7, was" in error
    assert "paths.run_dir" in error
    assert contents(tmp_path / "run") == before

    write_shop(tmp_path / "mine", seed=2)
    assert launch(place, *EASE) == 1
    assert "data: toy.inter has other contents" in capsys.readouterr().err
    assert contents(tmp_path / "run") == before


def test_a_run_opened_on_other_data(launch: Launch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("ltgnn.inference.restore.log.warning", lambda text, *words: said.append(text % words))
    shop = write_shop(tmp_path / "mine", seed=1)
    place = f"data.files.path={shop}"
    assert launch(place, *EASE) == 0
    assert launch(place, "model=content_knn", "paths.run_dir=reading") == 0
    assert open_run("run").recommend(["u1"]).height
    titles = (shop / "toy.item").read_text()
    (shop / "toy.item").write_text(titles.replace("castle", "palace"))
    assert open_run("run").recommend(["u1"]).height  # the pairs are the same, and it reads no text
    assert "toy.item" in said.pop()
    with pytest.raises(UserError, match=r"toy\.item.*rain again"):
        open_run("reading")
    (shop / "toy.item").write_text(titles)
    assert open_run("reading").recommend(["u1"]).height
    assert not said

    write_shop(shop, seed=2)
    for run in ("run", "reading"):
        with pytest.raises(UserError, match=r"toy\.inter.*Train it again"):
            open_run(run)
    assert evaluate(["run=run"]) == 1


def test_what_is_monitored_is_looked_for_before_training(
    launch: Launch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert launch("monitor=val/ndcg@21", "paths.run_dir=wrong") == 1
    assert "Did you mean: ndcg@20" in capsys.readouterr().err
    assert not (tmp_path / "wrong/history.csv").exists()
    assert launch("monitor=val/ndgc@20", "paths.run_dir=typo") == 1
    assert "unknown value 'ndgc@20'" in capsys.readouterr().err


def test_a_value_of_which_less_is_better_selects_the_smallest(launch: Launch, tmp_path: Path) -> None:
    import csv

    wild = ["lr=0.3", "eval_every=1", "patience=9", "epochs=5", "fusion=sum", "paths.run_dir=run"]
    assert launch("monitor=val/arp@20", *wild) == 0
    with (tmp_path / "run/history.csv").open() as file:
        values = [float(row["val/arp@20"]) for row in csv.DictReader(file)]
    found = json.loads((tmp_path / "run/metrics.json").read_text())
    assert found["selection"]["epoch"] == values.index(min(values)) + 1
    assert "arp" in found["smaller_is_better"]
    assert found["warnings"] == [] or all(isinstance(sentence, str) for sentence in found["warnings"])
