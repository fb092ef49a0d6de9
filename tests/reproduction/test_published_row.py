"""Published rows: the words of the verdict at their borders, the yaml of a row, the table of README, closed recipes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from ltgnn.config.paths import conf_dir, paper_dir
from ltgnn.data.verified import digest_of
from ltgnn.reproduction import result as paper_result
from ltgnn.reproduction.published_row import read_all, read_row
from ltgnn.runs.pinned_recipes import reject_changed_recipe
from ltgnn.types import UserError
from tests.reproduction.published_row_case import ROW, result, written

ROWS = sorted(paper_dir().glob("*.yaml"))


def test_a_relative_tolerance_is_of_the_published_value(tmp_path: Path) -> None:
    row = read_row(
        written(tmp_path, tolerance={"relative": 0.015, "why": "toy"}, published={"recall@20": 0.2, "ndcg@20": 0.1})
    )
    assert [number.width for number in row.whole.judged] == pytest.approx([0.003, 0.0015])


def test_smoke_epochs_that_are_not_judged_are_shown(tmp_path: Path) -> None:
    early = {
        "words": ["epochs=5"],
        "tolerance": {"absolute": 0.1, "why": "toy"},
        "judged": [5],
        "epochs": {1: {"recall@20": 0.1}, 5: {"recall@20": 0.2}},
    }
    plan = read_row(written(tmp_path, smoke=early, whole=["epochs=9"])).plan(smoke=True)
    assert plan.words == ("model=popularity", "epochs=5")
    assert [(n.epoch, n.value, n.width) for n in plan.judged] == [(5, 0.2, 0.1)]
    assert [n.epoch for n in plan.shown] == [1]
    early["judged"] = [7]
    with pytest.raises(UserError, match=r"smoke\.judged names epoch 7"):
        read_row(written(tmp_path, smoke=early))


def test_what_has_no_epochs_is_its_own_smoke_test(tmp_path: Path) -> None:
    assert read_row(written(tmp_path)).plan(smoke=True).kind == "whole"
    with pytest.raises(UserError, match="omit --smoke"):
        read_row(written(tmp_path, selection="test")).plan(smoke=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tolerence": {}}, "unknown key 'tolerence'. Did you mean 'tolerance'"),
        ({"tolerance": {"absolute": 0.1}}, "tolerance needs one of absolute and relative, and the reason"),
        ({"tolerance": {"absolute": 0.1, "relative": 0.1, "why": "both"}}, "tolerance needs one of"),
        ({"selection": "best"}, "selection is 'best', one of test, validation, none wanted"),
        ({"source": {"kind": "rumour"}}, "source.kind is 'rumour'"),
        ({"hardware": "tpu"}, "hardware is 'tpu'"),
    ],
)
def test_bad_rows_are_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as mistake:
        read_row(written(tmp_path, **change))
    assert message in str(mistake.value)


def test_a_missing_key_says_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "toy.yaml").write_text(yaml.safe_dump({key: value for key, value in ROW.items() if key != "seeds"}))
    with pytest.raises(UserError, match="'seeds' is missing: in the order"):
        read_all(tmp_path)
    with pytest.raises(UserError, match="has no row"):
        read_all(tmp_path / "empty")


@pytest.mark.parametrize("file", ROWS, ids=lambda file: file.stem)
def test_every_row_is_whole(file: Path) -> None:
    """Each row names a closed experiment, the files and counts that its data set has, and a tolerance with a reason."""
    row = read_row(file)
    (experiment,) = (w.partition("=")[2] for w in row.whole.words if w.startswith("experiment="))
    text = (conf_dir() / "experiment" / f"{experiment}.yaml").read_text()
    assert "closed:" in text
    assert row.source["link"].startswith("https://")
    assert set(row.data["counts"]) == {"users", "items", "train", "val", "test"}
    known = "\n".join(other.read_text() for other in (conf_dir() / "data").glob("*.yaml"))
    assert all(f"{name}: {digest}" in known for name, digest in row.data["sha256"].items())
    assert {number.metric for number in row.whole.judged} == {"recall@20", "ndcg@20"}


def test_the_short_table_has_what_holds_and_one_row_a_model_first(tmp_path: Path) -> None:
    titles = {"a": "EASE, x", "b": "EASE, y", "c": "MF, x", "d": "GCN, x", "e": "GCN, y", "f": "SVD, x"}
    rows = [replace(read_row(written(tmp_path)), name=name, title=title) for name, title in titles.items()]
    for name, kind, verdict in (
        ("b", "whole", "PASS"),
        ("a", "smoke", "PASS"),
        ("c", "smoke", "PASS"),
        ("d", "whole", "FAIL"),
        ("e", "whole", "PASS"),
    ):
        paper_result.write(tmp_path / "results", result(kind, "1", verdict) | {"row": name})

    def chosen(most: int) -> str:
        return "".join(row.name for row in paper_result.choose(rows, tmp_path / "results", most))

    assert chosen(2) == "be", "whole runs that hold"
    assert chosen(3) == "bce", "a smoke run of a third model before a second row of the first"
    assert chosen(4) == "abce"
    assert chosen(5) == "abcde", "then what does not hold"
    assert chosen(9) == "abcdef", "then what was not run"


def test_a_gpu_row_is_not_filled_in(tmp_path: Path) -> None:
    row = read_row(written(tmp_path, hardware="gpu"))
    assert "not yet run: requires a GPU" in paper_result.table([row], tmp_path / "results")


def test_a_closed_recipe_refuses_a_foreign_model() -> None:
    reject_changed_recipe({"model": "lightgcn"}, {"model": "lightgcn", "loss": "bpr"})
    with pytest.raises(UserError, match=r"model=mf given, but experiment=row is a pinned recipe with model=lightgcn"):
        reject_changed_recipe({"model": "lightgcn"}, {"model": "mf", "experiment": "row"})


def test_ltgnn_train_refuses_it_before_it_reads_data(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    from ltgnn.commands.train import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LTGNN_LOGS", str(tmp_path / "logs"))
    assert main(["experiment=lightgcn_gowalla", "model=mf", "logger=none"]) == 1
    assert "model=mf given, but experiment=lightgcn_gowalla is a pinned recipe" in capsys.readouterr().err
    assert digest_of(conf_dir() / "experiment/lightgcn_gowalla.yaml")


@pytest.mark.parametrize(
    "word",
    ["--config-dir=/evil", "-m", "hydra.callbacks.x._target_=os.system", "+hydra.searchpath=[file:///evil]",
     "hydra/launcher=pool", "~hydra", "paths.run_dir=/etc", "sweep.dir=/etc", "++paths.data_dir=/etc",
     "callbacks.history.path=/etc/passwd", "logger=wandb", "task=../x", "trust=evil"],
)  # fmt: skip
def test_words_of_a_row_say_what_is_trained_alone(tmp_path: Path, word: str) -> None:
    for changes in ({"config": [word]}, {"whole": [word]}):
        with pytest.raises(UserError, match="is not an override of a recipe"):
            read_row(written(tmp_path, **changes))


def test_a_row_names_no_code_of_others(tmp_path: Path) -> None:
    from ltgnn.commands.reproduce import compose_plan

    evil = "+data.evil={_target_: torch.utils.collect_env.run, command: 'touch PWNED'}"
    row = read_row(written(tmp_path, config=["data=lastfm_lightgcn", "model=popularity", "features=none", evil]))
    with pytest.raises(UserError, match=r"toy.yaml names torch\.utils\.collect_env\.run .*LTGNN_TRUST=torch"):
        compose_plan(row.whole, 1)


def test_a_row_is_called_by_a_name(tmp_path: Path) -> None:
    file = written(tmp_path)
    with pytest.raises(UserError, match="the row is called"):
        read_row(file.rename(file.with_name("...yaml")))
