"""The yaml of ``wandb sweep`` for the overrides of a Hydra sweep, to be run by W&B's agents."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from ltgnn.commands.runs import main
from ltgnn.types import UserError
from tests.conftest import CONF, run_folders
from tests.runs.wandb_online_case import TRAIN, without_mode
from tests.runs.wandb_server import wandb_server


@pytest.mark.parametrize("parameters", [{"fusion": "id", "lr": 0.01}])
def test_an_agent_of_a_sweep_gets_its_run(shop: Path, tmp_path: Path, parameters: dict[str, object]) -> None:
    """What ``wandb agent`` sets: id of sweep and run, parameters in a file; the words are on the command line too."""
    chosen = tmp_path / "config-defaults.yaml"
    lines = [f"{key}:\n  value: {value}\n" for key, value in parameters.items()]
    chosen.write_text("wandb_version: 1\n" + "".join(lines))
    run = tmp_path / "run"
    words = [*TRAIN, f"data.files.path={shop}", f"hydra.run.dir={run}"]
    words = [word for word in words if word.partition("=")[0] not in parameters]
    words += [f"{key}={value}" for key, value in parameters.items()]
    with wandb_server() as server:
        settings = {
            "WANDB_BASE_URL": server.address,
            "WANDB_API_KEY": "0" * 40,
            "WANDB_X_FILE_STREAM_TRANSMIT_INTERVAL": "0.2",
        }
        agent = {"WANDB_SWEEP_ID": "sw33p", "WANDB_RUN_ID": "agentrun", "WANDB_SWEEP_PARAM_PATH": str(chosen)}
        environment = without_mode() | settings | agent | {"LTGNN_CACHE": str(tmp_path / "cache")}
        command = [sys.executable, "-m", "ltgnn.cli", "train", "--config-dir", str(CONF), *words]
        answer = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=300
        )
        assert answer.returncode == 0, answer.stdout + answer.stderr
        (first, *_) = server.variables("UpsertBucket")
        assert (first["name"], first["sweep"], first["groupName"]) == ("agentrun", "sw33p", None)
        config = json.loads(first["config"])
        assert {key: config[key]["value"] for key in parameters} == parameters


Launch = Callable[..., int]


def test_the_yaml_of_agents(capsys: pytest.CaptureFixture[str], launch: Launch, tmp_path: Path) -> None:
    assert main(["sweep-yaml", "fusion=id,sum", "seed=range(1,4)", "lr=0.01"]) == 0
    made = yaml.safe_load(capsys.readouterr().out)
    assert made["parameters"] == {
        "fusion": {"values": ["id", "sum"]}, "seed": {"values": [1, 2, 3]}, "lr": {"value": 0.01},
    }  # fmt: skip
    assert made["command"] == ["ltgnn", "train", "${args_no_hyphens}"]
    chosen = {key: space.get("value", space.get("values", [None])[-1]) for key, space in made["parameters"].items()}
    assert launch(*(f"{key}={value}" for key, value in chosen.items())) == 0  # as the agent expands the command
    (folder,) = run_folders(tmp_path)
    assert "fusion: sum" in (folder / "config.yaml").read_text()
    with pytest.raises(UserError, match="--method bayes"):
        main(["sweep-yaml", "lr=interval(0.001,0.1)"])
    capsys.readouterr()
    assert main(["sweep-yaml", "lr=tag(log,interval(0.001,0.1))", "--method", "bayes"]) == 0
    space = yaml.safe_load(capsys.readouterr().out)["parameters"]["lr"]
    assert space == {"distribution": "log_uniform_values", "min": 0.001, "max": 0.1}


def test_values_of_a_sweep_reach_hydra_unchanged(capsys: pytest.CaptureFixture[str]) -> None:
    """An agent writes ``KEY=VALUE`` of what the yaml holds; Hydra reads of it what was given."""
    from hydra.core.override_parser.overrides_parser import OverridesParser

    given = {
        'a=";",","': [";", ","],
        "b=file://conf,x:y": ["file://conf", "x:y"],
        "c=[file://conf,'p;q',3]": [["file://conf", "p;q", 3]],
        "d={k:1,m:'x;y'}": [{"k": 1, "m": "x;y"}],
        "e=null,1e-4,true,text": [None, 1e-4, True, "text"],
        "f='1'": ["1"],
        "g=range(1,3)": [1, 2],
    }
    assert main(["sweep-yaml", *given]) == 0
    read = OverridesParser.create().parse_override
    parameters = yaml.safe_load(capsys.readouterr().out)["parameters"]
    for (key, space), values in zip(parameters.items(), given.values(), strict=True):
        assert [read(f"{key}={one}").value() for one in space.get("values", [space.get("value")])] == values
