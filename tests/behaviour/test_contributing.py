"""CONTRIBUTING.md is true: its samples work where it puts them, and its commands run."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest
import torch
from omegaconf import OmegaConf

from ltgnn.data.catalog import load
from ltgnn.data.cleaning import Cleaning
from ltgnn.evaluation.metrics import Hits
from ltgnn.types import UserError
from tests.behaviour import added_command
from tests.behaviour.added_parts import PairLines
from tests.behaviour.contributing import COMMANDS, LINES, ROOT, SAMPLES
from tests.losses.case import example, gradients_agree

HERE = Path(__file__).parent
MARGIN, HINGE = "ltgnn train loss=margin", "ltgnn train --config-dir myconf loss=hinge"
UNTRUSTED = "ltgnn recommend hinge=DIR users=u3"

TRAIN = "epochs=1 min_epochs=1 eval_every=1 dim=8 num_layers=2 batch_size=256 logger=none data=toy features=words"

DRIVER = """
import contextlib, io, json, sys
from ltgnn.cli import main
for name, words in json.load(open(sys.argv[1])).items():
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(words)
        except Exception as error:
            code = repr(error)
    print(json.dumps({name: [code, out.getvalue(), err.getvalue()]}), flush=True)
"""


class Answer(NamedTuple):
    """What a command did; ``folder``: where a run was to be written."""

    code: int | str
    out: str
    err: str
    folder: Path


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package and its yaml with all samples added, and the tree and the package that lie outside."""
    copy = tmp_path_factory.mktemp("contributing") / "checkout"
    for folder in ("ltgnn", "conf"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for tree in (ROOT / "tests" / "conf", HERE / "added_conf"):
        shutil.copytree(tree, copy / "conf", dirs_exist_ok=True)
    for name, body in SAMPLES.items():
        file = copy / name
        assert not file.exists(), f"{name} is there already"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(body, encoding="utf-8")
    cli = copy / "ltgnn" / "cli.py"
    text = cli.read_text(encoding="utf-8")
    group = '    "analyse": {\n'
    assert text.count(group) == 1
    cli.write_text(text.replace(group, group + LINES["ltgnn/cli.py"]), encoding="utf-8")
    shutil.copy(added_command.__file__, copy / "ltgnn" / "commands" / "sizes.py")
    return copy


def words_of(command: str, number: int, shop: Path, runs: Path) -> tuple[list[str], Path]:
    """The command on the toy shop, its own words first; and the folder of its run."""
    folder = runs / f"{number:02}"
    run = runs / f"{COMMANDS.index(HINGE if 'hinge' in command or 'mypackage' in command else MARGIN):02}"
    metric = next(number for number, one in enumerate(COMMANDS) if "+eval.metrics.rbp" in one)
    fill = {
        "run=DIR": f"run={run}",
        "rbp=DIR": f"run={runs / f'{metric:02}'}",
        "hinge=DIR": f"run={run}",
        "data.files.path=FOLDER": f"data.files.path={shop}",
    }
    words = [fill.get(word, word) for word in command.split()[1:]]
    keys = {word.partition("=")[0] for word in words}
    more = [f"hydra.run.dir={folder}"] if words[0] in ("train", "evaluate") else []
    if words[0] == "train":
        more += [word for word in TRAIN.split() if word.partition("=")[0] not in keys]
        more += [f"data.files.path={shop}"] * ("data.files.path" not in keys)
    return words + more, folder


@pytest.fixture(scope="module")
def answers(checkout: Path, shop: Path) -> dict[str, Answer]:
    """Every command of the guide, one after the other in one process that imports the copy; and a few more."""
    work = checkout.parent
    pairs = [line.split("\t")[:2] for line in (shop / "toy.inter").read_text().splitlines()[1:]]
    toy = shutil.copytree(shop, work / "toy")
    (toy / "pairs.txt").write_text("".join(f"{user} {item}\n" for user, item in pairs))
    more = [
        "ltgnn evaluate rbp=DIR",
        UNTRUSTED,
        "ltgnn sizes run=DIR",
        "ltgnn models rules loss",
        "ltgnn --help",
        "ltgnn recommend --help",
    ]
    more += [
        "ltgnn recommend run=DIR users=u3 +rules.own._target_=ltgnn.serving.train_count.TrainCount +rules.own.least=9"
    ]
    commands = [*COMMANDS, *more]
    filled = {command: words_of(command, number, toy, work / "runs") for number, command in enumerate(commands)}
    (work / "commands.json").write_text(json.dumps({command: words for command, (words, _) in filled.items()}))
    places = os.pathsep.join(map(str, (checkout, ROOT)))
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, str(work / "commands.json")],
        cwd=checkout, capture_output=True, text=True, timeout=900,
        env=os.environ | {"PYTHONPATH": places, "LTGNN_TRUST": "tests", "LTGNN_CACHE": str(work / "cache")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = {name: answer for line in done.stdout.splitlines() for name, answer in json.loads(line).items()}
    return {command: Answer(*found[command], folder) for command, (_, folder) in filled.items()}


def sample(checkout: Path, name: str) -> ModuleType:
    """A sample of the guide as a module of its own."""
    spec = importlib.util.spec_from_file_location(Path(name).stem, checkout / name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def values_of(answer: Answer) -> dict[str, float]:
    """The values of the test part."""
    values: dict[str, float] = json.loads((answer.folder / "metrics.json").read_text())["test"]
    return values


def test_every_command_runs(answers: dict[str, Answer]) -> None:
    """One test for all: each process that runs a test of this file has to run all commands before."""
    assert {command: answers[command].err for command in COMMANDS if answers[command].code != 0} == {}
    trained = [command for command in COMMANDS if command.startswith(("ltgnn train", "ltgnn evaluate"))]
    assert len(trained) > 10
    for command in trained:
        assert 0 < values_of(answers[command])["ndcg@20"] <= 1, command
        choices = OmegaConf.load(answers[command].folder / "config.yaml").choices
        given = dict(word.split("=", 1) for word in command.split() if re.fullmatch(r"\w+=\w+", word))
        assert {key: word for key, word in given.items() if key in choices and choices[key] != word} == {}, command
        assert set(given) & set(choices), f"{command}: an axis is chosen"


def test_the_loss(answers: dict[str, Answer], checkout: Path) -> None:
    margin = sample(checkout, "ltgnn/losses/margin.py").Margin(1.0)
    batch, main = example(negatives=1)
    rows = zip(batch.users.tolist(), batch.pos.tolist(), batch.neg[:, 0].tolist(), strict=True)
    score = main.users @ main.items.T
    by_hand = [max(0.0, 1 - float(score[user, pos]) + float(score[user, neg])) for user, pos, neg in rows]
    assert margin(batch, main, []).item() == pytest.approx(sum(by_hand) / len(by_hand))
    assert gradients_agree(margin, batch, main)
    recipe = (answers["ltgnn train loss=margin"].folder / "config.yaml").read_text()
    assert "_target_: ltgnn.losses.margin.Margin" in recipe
    assert "margin" in answers["ltgnn models rules loss"].out


def test_the_closed_form(answers: dict[str, Answer]) -> None:
    answer = answers["ltgnn train model=co_occurrence"]
    assert json.loads((answer.folder / "metrics.json").read_text())["reads_features"] is False
    assert values_of(answer)["ndcg@20"] > values_of(answers[MARGIN])["ndcg@20"], "one epoch of training is less"


def test_the_metric(answers: dict[str, Answer], checkout: Path) -> None:
    rbp = sample(checkout, "ltgnn/evaluation/rank_biased.py").rbp
    hits = Hits(torch.tensor([[True, False, True], [False, False, False]]), torch.tensor([2, 1]))
    assert rbp(hits, 3, persistence=0.5).tolist() == [0.5 * (1 + 0.25), 0.0]
    (command,) = (command for command in COMMANDS if "+eval.metrics.rbp" in command)
    values = values_of(answers[command])
    assert 0 < values["rbp@10"] < values["rbp@50"] < 1
    again = values_of(answers["ltgnn evaluate rbp=DIR"])
    assert again["rbp@10"] == values["rbp@10"], "a recipe may name a metric that no yaml has"


def test_the_rule(answers: dict[str, Answer], shop: Path) -> None:
    (command,) = (command for command in COMMANDS if "rules=train_count" in command)
    assert "rule train_count: " in answers[command].out
    (own,) = (command for command in answers if "+rules.own" in command)
    assert answers[own].code == 0, answers[own].err
    assert "rule own: " in answers[own].out
    listed = answers["ltgnn models rules loss"].out
    assert re.search(r"^  train_count +items with enough train interactions$", listed, re.MULTILINE)
    assert "train_count" in answers["ltgnn recommend --help"].out


def test_the_command(answers: dict[str, Answer]) -> None:
    assert answers["ltgnn sizes run=DIR"].out == "80 users, 48 items\n"
    assert "users and items of a finished run" in answers["ltgnn --help"].out


def test_a_package_of_ones_own_has_to_be_trusted(answers: dict[str, Answer]) -> None:
    (trusted,) = (command for command in COMMANDS if "trust=mypackage" in command)
    assert answers[trusted].code == 0, answers[trusted].err
    assert answers[UNTRUSTED].code == 1
    assert "trust=mypackage" in answers[UNTRUSTED].err


def test_the_reader_reads_pairs_and_names_a_bad_line(tmp_path: Path) -> None:
    file = tmp_path / "pairs.txt"
    file.write_text("b x\na x\nb y\n")
    cleaning = Cleaning(None, None, None, 1, 1, None, False, False)
    dataset = load(lambda: tmp_path, PairLines("pairs.txt"), cleaning)
    pairs = dataset.parts["all"]
    assert [(dataset.user_ids[u], dataset.item_ids[i]) for u, i in zip(pairs.users, pairs.items, strict=True)] == [
        ("b", "x"), ("a", "x"), ("b", "y"),
    ]  # fmt: skip
    file.write_text("b x\na\n")
    with pytest.raises(UserError, match="line 2: 1 words, 'user item' wanted"):
        PairLines("pairs.txt")(tmp_path)
