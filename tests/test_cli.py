"""Every command ends with one message for what its user can correct, a traceback for a fault of ltgnn alone."""

from __future__ import annotations

import errno
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hydra.utils import instantiate

from ltgnn import cli
from ltgnn.config.error_messages import FAULT, message
from ltgnn.types import UserError

Launch = Callable[..., int]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Make ``ltgnn models`` end with an error."""

    def make(error: BaseException) -> None:
        def main(argv: list[str]) -> int:
            raise error

        monkeypatch.setattr("ltgnn.commands.models.main", main)

    return make


def caught(call: Callable[[], object]) -> Exception:
    with pytest.raises(Exception, match="") as info:
        call()
    return info.value


def test_a_mistake_is_one_line(failing: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    failing(UserError("k=0 given"))
    assert cli.main(["models"]) == 1
    assert capsys.readouterr().err == "ltgnn: k=0 given\n"


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EISDIR])
def test_errors_of_the_system_name_their_path(
    failing: Callable[..., None], capsys: pytest.CaptureFixture[str], number: int
) -> None:
    failing(OSError(number, os.strerror(number), "/some/file"))
    assert cli.main(["models"]) == 1
    printed = capsys.readouterr().err
    assert printed.startswith(f"ltgnn: /some/file: {os.strerror(number)}.")
    assert printed.count("\n") == 1


def test_ctrl_c(failing: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    failing(KeyboardInterrupt())
    assert cli.main(["models"]) == 130
    assert capsys.readouterr().err == "ltgnn: interrupted\n"


def test_a_fault_keeps_its_traceback(failing: Callable[..., None]) -> None:
    failing(ZeroDivisionError("oh"))
    with pytest.raises(ZeroDivisionError) as info:
        cli.main(["models"])
    assert info.value.__notes__ == [FAULT]


def test_the_reader_of_a_pipe_may_go() -> None:
    code = (
        "import ltgnn.commands.models, ltgnn.cli\nltgnn.commands.models.main = lambda argv: print('x' * 1000000) or 0\n"
    )
    code += "raise SystemExit(ltgnn.cli.main(['models']))"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout
    assert child.stderr
    child.stdout.read(10)
    child.stdout.close()
    assert child.stderr.read() == ""
    assert child.wait() == 141


def test_the_reader_of_a_table_may_go(failing: Callable[..., None]) -> None:
    left = SystemExit(1)
    left.__context__ = BrokenPipeError()
    failing(left)
    assert cli.main(["models"]) == 141
    failing(SystemExit(2))
    with pytest.raises(SystemExit):
        cli.main(["models"])


def test_a_class_that_cannot_be_made() -> None:
    absent = message(caught(lambda: instantiate({"model": {"_target_": "nopackage.mod.Cls"}})))
    assert absent is not None
    assert "_target_=nopackage.mod.Cls in model" in absent
    assert "No module named 'nopackage'" in absent
    wrong = message(caught(lambda: instantiate({"_target_": "ltgnn.data.fetch.Folder", "pth": 1})))
    assert wrong is not None
    assert "unexpected keyword argument 'pth'" in wrong
    refused = message(caught(lambda: instantiate({"_target_": "os.system", "command": "ls"})))
    assert refused is not None
    assert "os.system" in refused


def test_files_of_no_format() -> None:
    tag = message(caught(lambda: yaml.safe_load("a: !!python/object/apply:os.system [ls]")))
    assert tag is not None
    assert "python/object" in tag
    payload = message(pickle.UnpicklingError("weights only"))
    assert payload is not None
    assert "weights only" in payload
    assert message(ValueError("a fault")) is None


def test_a_recipe_with_a_class_that_is_gone(launch: Launch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One message from every command that opens the run."""
    run = tmp_path / "run"
    assert launch("model=popularity", "features=none", f"paths.run_dir={run}") == 0
    recipe = yaml.safe_load((run / "config.yaml").read_text())
    recipe["model"]["closed_form"] = {"_target_": "nopackage.mod.Cls"}
    (run / "config.yaml").write_text(yaml.safe_dump(recipe))
    for words in (
        ["recommend", f"run={run}", "users=u0"],
        ["similar", f"run={run}", "item=i0"],
        ["evaluate", f"run={run}"],
    ):
        capsys.readouterr()
        assert cli.main(words) == 1, words
        assert "nopackage.mod.Cls" in capsys.readouterr().err


def test_weights_that_are_a_pickle_payload(launch: Launch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    assert launch("features=none", "epochs=2", f"paths.run_dir={run}") == 0
    for payload in (pickle.dumps(Path(tmp_path)), b"", (run / "checkpoints/best.ckpt").read_bytes()[:1000]):
        (run / "checkpoints/best.ckpt").write_bytes(payload)
        capsys.readouterr()
        assert cli.main(["recommend", f"run={run}", "users=u0", "k=1"]) == 1
        assert f"{run}: checkpoints/best.ckpt" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["seed=99999999999999999999"], "seed="),
        (["loss=softmax", "loss.ranking.temperature=1e-30"], "loss.ranking.temperature"),
        (["data.files.path=/nowhere/at/all"], "/nowhere/at/all"),
    ],
)
def test_values_that_cannot_be(launch: Launch, capsys: pytest.CaptureFixture[str], words: list[str], told: str) -> None:
    assert launch("features=none", *words) == 1
    assert told in capsys.readouterr().err


def test_an_ensemble_of_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["ensemble", "logs/run"]) == 1
    assert "logs/run is a single run" in capsys.readouterr().err


def test_losses_are_kept_where_validation_never_ran(launch: Launch, tmp_path: Path) -> None:
    import csv

    run = tmp_path / "run"
    assert launch("features=none", "epochs=3", "eval_every=10", f"paths.run_dir={run}") == 0
    with (run / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert all(float(row["train/loss"]) > 0 for row in rows)


def test_an_error_text_moves_no_cursor(failing: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    failing(UserError("folder \x1b]0;owned\x07\x1b[2J[/a]: no\x08 run\nsecond line"))
    assert cli.main(["models"]) == 1
    assert capsys.readouterr().err == "ltgnn: folder [/a]: no\N{REPLACEMENT CHARACTER} run\nsecond line\n"
    for words in (["\x1b[31mtable"], ["evaluate", "run=a\x1b[2Jb"], ["train", "model=\x1b[2Jease"]):
        assert cli.main(words) == 1
        told = capsys.readouterr().err
        assert told
        assert "\x1b" not in told
