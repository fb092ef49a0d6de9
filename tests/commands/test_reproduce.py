"""``ltgnn reproduce`` on a toy row whose numbers are worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ltgnn.cli import main as cli
from ltgnn.commands import reproduce
from ltgnn.data.verified import digest_of
from ltgnn.reproduction.result import BEGIN, END
from ltgnn.types import UserError

TRAIN, TEST = "0 0 1\n1 0 2\n2 0 1 3\n", "0 3\n1 1\n2 2\n"
"""Item counts 3, 2, 1, 1. By popularity, ties by id, less train: user 0 sees 2, 3 (its test item is second); user 1
sees 1, 3 (first); user 2 sees 2 (first). NDCG@20 = (1 / log2(3) + 1 + 1) / 3 = .876977, Recall@20 = 1."""

NDCG = 0.876977


class Bench:
    """A folder with toy data, rows, results and a README, and the command on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data, self.rows, self.results = folder / "data", folder / "rows", folder / "results"
        self.readme = folder / "README.md"
        for made in (self.data, self.rows):
            made.mkdir()
        (self.data / "train.txt").write_text(TRAIN)
        (self.data / "test.txt").write_text(TEST)
        self.readme.write_text(f"# Toy\n{BEGIN}\n{END}\nend\n")

    def row(self, name: str, **changes: Any) -> None:
        words = ["data=lightgcn_text", f"data.files.path={self.data}", "split=official", "split.val=0", "features=none"]
        row = {
            "title": f"Toy {name}",
            "source": {"title": "by hand", "link": "https://example.org", "where": "here", "kind": "paper"},
            "data": {
                "name": "toy",
                "sha256": {file.name: digest_of(file) for file in sorted(self.data.iterdir())},
                "counts": {"users": 3, "items": 4, "train": 7, "val": 0, "test": 3},
            },
            "config": [*words, "model=popularity", "monitor=test/ndcg@20"],
            "whole": [],
            "seeds": [1],
            "selection": "none",
            "published": {"recall@20": 1.0, "ndcg@20": 0.877},
            "tolerance": {"absolute": 0.001, "why": "by hand"},
            "hardware": "cpu",
            "smoke": None,
            "reason": None,
        }
        (self.rows / f"{name}.yaml").write_text(yaml.safe_dump(row | changes, sort_keys=False))

    def trained_row(self, name: str, **changes: Any) -> None:
        self.row(name)
        row = yaml.safe_load((self.rows / f"{name}.yaml").read_text())
        row["config"] = [word for word in row["config"] if word != "model=popularity"]
        row["config"] += ["model=mf", "dim=4", "callbacks=last", "eval_every=1", "batch_size=4", "min_epochs=1"]
        row |= {
            "whole": ["epochs=3"],
            "seeds": [5, 6, 7],
            "selection": "test",
            "published": {"recall@20": 1.0},
            "smoke": {
                "words": ["epochs=2"],
                "tolerance": {"relative": 0.01, "why": "the catalogue is shorter than the list"},
                "judged": [2],
                "epochs": {1: {"recall@20": 0.5}, 2: {"recall@20": 1.0}},
            },
        }
        (self.rows / f"{name}.yaml").write_text(yaml.safe_dump(row | changes, sort_keys=False))

    def run(self, *arguments: str) -> int:
        places = ["--rows", str(self.rows), "--results", str(self.results), "--readme", str(self.readme)]
        return reproduce.main([*arguments, *places])

    def written(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(file.read_text()) for file in sorted((self.results / name).glob("*.json"))]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LTGNN_LOGS", str(tmp_path / "logs"))
    return Bench(tmp_path)


def test_a_row_that_holds_passes(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.row("held")
    assert bench.run("held") == 0
    (result,) = bench.written("held")
    assert result["verdict"] == "PASS"
    assert [n["mean"] for n in result["judged"]] == pytest.approx([1.0, NDCG], abs=1e-6)
    assert result["machine"]["cpu"]
    assert result["packages"]["torch"]
    assert len(result["fingerprint"]) == 64
    printed = capsys.readouterr().out
    assert "held  PASS  (whole run; nothing is selected; 0.0 min)" in printed
    assert "published .8770 +- .00100  ours .8770 (1 seed)  delta -.0000  PASS" in printed
    assert "[PASS](experiments/results/held)" in bench.readme.read_text()
    assert bench.readme.read_text().endswith(f"{END}\nend\n")


@pytest.mark.parametrize(("published", "expected"), [(0.8785, "NEAR"), (0.9, "FAIL"), (0.8, "ABOVE")])
def test_other_verdicts_fail_the_command_and_give_the_reason(
    bench: Bench, capsys: pytest.CaptureFixture[str], published: float, expected: str
) -> None:
    bench.row("missed", published={"ndcg@20": published}, reason="made up")
    assert bench.run("missed") == 1
    assert bench.written("missed")[0]["verdict"] == expected
    assert "reason: made up" in capsys.readouterr().out
    assert f"- Toy missed, {expected}: made up" in bench.readme.read_text()


def test_other_files_and_other_counts_are_refused(bench: Bench) -> None:
    bench.row("counts", data={"name": "toy", "sha256": {}, "counts": {"users": 4, "items": 4}})
    with pytest.raises(UserError, match="users 3, published 4"):
        bench.run("counts")
    bench.row("files")
    (bench.data / "test.txt").write_text("0 3\n1 3\n2 2\n")  # the same counts
    with pytest.raises(UserError, match=r"test.txt has sha256 .* wanted .*no number is given"):
        bench.run("files")
    (bench.data / "test.txt").unlink()
    with pytest.raises(UserError, match=r"test.txt is absent"):
        bench.run("files")
    assert not bench.results.exists()
    assert not (bench.folder / "logs").exists()


def test_seeds_resume_and_the_smoke_test(
    bench: Bench, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.trained_row("trained")
    assert bench.run("trained", "--smoke", "--seeds", "2") == 0
    (smoke,) = bench.written("trained")
    assert (smoke["kind"], [run["seed"] for run in smoke["runs"]]) == ("smoke", [5, 6])
    assert [(n["epoch"], n["mean"], n["word"]) for n in smoke["judged"]] == [(2, 1.0, "PASS")]
    assert [(n["epoch"], n["mean"], n["word"]) for n in smoke["shown"]] == [(1, 1.0, None)]
    assert "recall@20 epoch 1   published .5000 +- .00500  ours 1.0000" in capsys.readouterr().out
    assert "smoke, epoch 2, 2 seeds" in bench.readme.read_text()

    assert bench.run("trained", "--seeds", "2") == 0
    assert "by the TEST part" in capsys.readouterr().out
    whole = next(result for result in bench.written("trained") if result["kind"] == "whole")
    assert [run["selection"]["epochs_run"] for run in whole["runs"]] == [3, 3]
    assert "smoke" not in bench.readme.read_text()

    def never(*_: Any) -> int:
        raise AssertionError("what has finished is not trained again")

    with monkeypatch.context() as patch:
        patch.setattr("ltgnn.commands.train.main", never)
        assert bench.run("trained", "--seeds", "2") == 0
        with pytest.raises(AssertionError):
            bench.run("trained")  # the third seed
    again = next(result for result in bench.written("trained") if result["kind"] == "whole")
    assert again == whole
    with pytest.raises(UserError, match="--seeds 4: trained has 3: 5, 6, 7"):
        bench.run("trained", "--seeds", "4")


def test_all_goes_on_after_a_refusal_and_leaves_gpu_rows_alone(
    bench: Bench, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    bench.row("a-refused", data={"name": "toy", "sha256": {}, "counts": {"items": 9}})
    bench.row("b-held")
    bench.row("c-gpu", hardware="gpu")
    assert bench.run("--all") == 1
    captured = capsys.readouterr()
    assert "a-refused: the data are not the published ones: items 4, published 9" in captured.err
    assert "1 refused  1 PASS  1 not yet run" in captured.out
    assert not (bench.results / "c-gpu").exists()
    assert "not yet run: requires a GPU" in bench.readme.read_text()
    assert bench.run("--list") == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed] == ["a-refused", "b-held", "c-gpu"]
    assert "PASS (whole)" in listed[1]
    assert "not yet run" in listed[2]


def test_a_seed_that_fails_gives_no_number(bench: Bench) -> None:
    bench.trained_row("broken", whole=["epochs=3", "loss=bpr_tail", "loss.ranking.weights.policy=none"])
    with pytest.raises(UserError, match="broken, seed 5"):
        bench.run("broken", "--seeds", "1")
    assert not bench.results.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["held", "model=mf"], "A recipe is closed"),
        (["hold"], "no row 'hold'"),
        ([], "name a row, or --all, or --list"),
    ],
)
def test_mistakes_are_one_message(bench: Bench, arguments: list[str], message: str) -> None:
    bench.row("held")
    with pytest.raises(UserError, match=message):
        bench.run(*arguments)


def test_the_command_line_knows_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["reproduce", "--list"]) == 0
    assert "gfcf-gowalla" in capsys.readouterr().out
    assert cli(["reproduce", "nothing"]) == 1
    assert "no row 'nothing'" in capsys.readouterr().err
