"""``ltgnn data``: every command on tiny files, its exit code, its help."""

import pytest

from ltgnn.commands.data import main
from ltgnn.experiment.target import stem, target
from ltgnn.types import UserError
from tests.commands.data_case import MAPPING

COMMANDS = ("fetch", "import", "stats", "split", "audit", "diff", "export")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command, capsys):
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    assert f"ltgnn data {command} " in capsys.readouterr().out.split("example:")[1]


def test_help_of_fetch_names_the_mirror(capsys):
    with pytest.raises(SystemExit):
        main(["fetch", "--help"])
    assert "LTGNN_MIRROR names a folder that is tried before the network" in capsys.readouterr().out


def test_no_command_prints_help(capsys):
    assert main([]) == 0
    printed = capsys.readouterr().out
    assert [command for command in COMMANDS if f" {command} " not in printed] == []


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("split.vall=0.2", "has no key 'split.vall'. Did you mean 'split.val'?"),
        ("splt.val=0.2", "has no key 'splt.val'. Did you mean 'split.val'?"),
        ("split.val=2", "split.val=2 given, a number above 0 and less than 1 wanted."),
        ("split=leave_one_out", "name the data set instead of run"),
        ("groups.mass.shares=[0.9,0.2,0.2]", "together 1"),
    ],
)
def test_values_for_a_run_are_checked(imported, files, override, message):
    from omegaconf import OmegaConf

    (files / "run").mkdir()
    OmegaConf.save(target("shop", []).cfg, files / "run" / "config.yaml")
    with pytest.raises(UserError) as caught:
        target("run", [override])
    assert message in str(caught.value)
    assert target("run", ["split.val=0.2"]).cfg.split.val == 0.2


def test_names():
    assert stem("ml-100k") == stem("ml100k") == stem("ML_100K") == "ml100k"
    with pytest.raises(UserError, match="Did you mean gowalla"):
        stem("gowala")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["stats", "nowhere/at/all"], "neither a run"),
        (["stats", "ml100k", "split=rnadom"], "Could not find 'split/rnadom'"),
        (["stats", "ml100k", "data.cleaning.user_cor=5"], "user_cor"),
        (["import", "absent.csv", "--out", "x"], "No file absent.csv"),
        (["import", "clicks.csv", "--field", "title", "--out", "x"], "--field 'title': expected NAME=COLUMN"),
        (["import", "clicks.csv", "--out", "x"], "no column 'user_id'"),
        (["import", "clicks.csv", *MAPPING, "--out", "."], "exists and is not empty"),
    ],
)
def test_mistakes(files, arguments, message):
    before = sorted(files.iterdir())
    with pytest.raises(UserError) as caught:
        main(arguments)
    assert message in str(caught.value)
    assert sorted(files.iterdir()) == before


def test_unknown_option(files, capsys):
    with pytest.raises(SystemExit):
        main(["stats", "ml100k", "--otu", "x"])
    assert "unknown: --otu x" in capsys.readouterr().err
