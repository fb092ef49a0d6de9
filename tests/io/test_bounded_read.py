"""Files of a folder that would take all memory, stack or time are refused before a value of them is made."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
import yaml

from ltgnn import cli
from ltgnn.io import bounded_read, libyaml
from ltgnn.runs.folder import RunFolder
from ltgnn.types import Damaged, UserError
from tests.analysis.made import write_run

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
)  # stands for 10^9 values
DEEP = 100_000

YAML = {
    "aliases": BOMB,
    "an alias of itself": "choices: &a [*a]\n",
    "flow": "choices: " + "[" * DEEP + "]" * DEEP,
    "mappings in flow": "choices: " + "{a: " * DEEP + "}" * DEEP,
    "dashes": "choices:\n  " + "- " * DEEP + "1\n",
    "questions": "? " * DEEP + "1\n",
    "indented": "\n".join(" " * n + "a:" for n in range(1_500)) + " 1\n",
    "carriage returns": "\r".join(" " * n + "a:" for n in range(1_500)) + " 1\r",
    "values": "choices: {}\na:\n" + "- 1\n" * 200_000,
    "a huge line": "choices: {}\na: " + "x" * (bounded_read.LONGEST + 1),
    "a tag that runs": "choices: !!python/object/apply:os.system [touch PWNED]\n",
    "binary": "\0\1\2",
}
JSON = {
    "lists": "[" * DEEP + "]" * DEEP,
    "objects": '{"a":' * DEEP + "1" + "}" * DEEP,
    "a huge line": '{"a": "' + "x" * bounded_read.LONGEST + '"}',
    "a long number": '{"a": ' + "1" * 5_000 + "}",
    "a list": "[]",
    "nothing": "",
    "half": '{"test": {"ndcg@20": 0.1',
}


@pytest.mark.parametrize("kind", YAML)
def test_recipes(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = write_run(tmp_path / "run", 1, 0.1, 0.2)
    (run / "config.yaml").write_text(YAML[kind], newline="")
    for read in (RunFolder(run).recipe, RunFolder(run).config):
        with pytest.raises(Damaged, match=r"run: config\.yaml") as refused:
            read()
        assert len(str(refused.value)) < 500
    assert not Path("PWNED").exists()


@pytest.mark.parametrize("name", ["metrics.json", "status.json"])
@pytest.mark.parametrize("kind", JSON)
def test_values(kind: str, name: str, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", 1, 0.1, 0.2)
    (run / name).write_text(JSON[kind])
    with pytest.raises(Damaged, match=f"run: {name}"):
        RunFolder(run).read_json(name)


@pytest.mark.parametrize(
    "command",
    ["recommend run={run}", "similar i1 run={run}", "explain run={run} user=u1 item=i1", "search run={run} river",
     "export run={run} out=out", "evaluate run={run}", "ensemble {run} {other}", "data stats {run}"],
)  # fmt: skip
def test_commands_say_it_in_one_line(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    run, other = (write_run(tmp_path / each, 1, 0.1, 0.2) for each in ("run", "other"))
    (run / "config.yaml").write_text(BOMB)
    assert cli.main(command.format(run=run, other=other).split()) == 1
    shown = capsys.readouterr().err
    assert shown.startswith("ltgnn: ")
    assert f"{run}: config.yaml cannot be read" in shown
    assert "Traceback" not in shown


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", 1, 0.1, 0.2)
    for name in ("config.yaml", "metrics.json"):
        (run / name).unlink()
    os.mkfifo(run / "config.yaml")
    (run / "metrics.json").symlink_to("/dev/zero")
    with pytest.raises(Damaged, match="no file, but"):
        RunFolder(run).recipe()
    with pytest.raises(Damaged, match="no file, but"):
        RunFolder(run).read_json("metrics.json")
    shutil.rmtree(run)
    assert RunFolder(run).read_json("metrics.json") == {}
    with pytest.raises(Damaged, match=r"config\.yaml is missing"):
        RunFolder(run).recipe()


def test_honest_aliases_and_long_recipes_are_read() -> None:
    text = "a: &a {b: [1, 2]}\nc: *a\nd: [*a, *a]\n"
    assert libyaml.load(text) == yaml.safe_load(text)
    wide = {f"key{n}": {"_target_": "ltgnn.models.fusion.Id", "ks": [5, 10, 20]} for n in range(500)}
    assert libyaml.load(libyaml.dump(wide)) == wide
    nested: dict[str, object] = {}
    for _ in range(libyaml.DEEPEST - 2):
        nested = {"a": nested}
    assert libyaml.load(json.dumps(nested)) == nested


def test_rows_of_papers(tmp_path: Path) -> None:
    from ltgnn.reproduction.published_row import read_all

    for kind in ("aliases", "flow", "a huge line"):
        (tmp_path / "row.yaml").write_text(YAML[kind])
        with pytest.raises(UserError, match=r"row\.yaml cannot be read"):
            read_all(tmp_path)
