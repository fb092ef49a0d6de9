"""Online runs, against a server of the tests: what arrives there, and that a job begun again continues its run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CONF
from tests.runs.wandb_server import wandb_server

TRAIN = (
    "model=mf", "fusion=id", "features=none", "data=toy", "epochs=2", "min_epochs=1", "eval_every=1", "dim=4",
    "logger=wandb", "logger.artifacts=true", "tags=[mine]",
)  # fmt: skip


def without_mode() -> dict[str, str]:
    """The environment without the mode that all other tests have."""
    return {key: value for key, value in os.environ.items() if key != "WANDB_MODE"}


def test_what_arrives_at_the_server(shop: Path, tmp_path: Path) -> None:
    """In a process of its own, as W&B reads key and address once."""
    run = tmp_path / "run"
    words = [*TRAIN, f"data.files.path={shop}", f"hydra.run.dir={run}"]
    with wandb_server() as server:
        settings = {
            "WANDB_BASE_URL": server.address,
            "WANDB_API_KEY": "0" * 40,
            "WANDB_MODE": "",
            "WANDB_X_FILE_STREAM_TRANSMIT_INTERVAL": "0.2",
        }
        environment = without_mode() | settings | {"LTGNN_CACHE": str(tmp_path / "cache")}

        def train() -> None:
            command = [sys.executable, "-m", "ltgnn.cli", "train", "--config-dir", str(CONF), *words]
            answer = subprocess.run(
                command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=300
            )
            assert answer.returncode == 0, answer.stdout + answer.stderr

        train()
        record = json.loads((run / "wandb.json").read_text())
        assert record["mode"] == "online", "a key is known"
        (first, *_) = server.variables("UpsertBucket")
        assert (first["name"], first["displayName"]) == (record["id"], "mf id bpr seed=1")
        assert (first["jobType"], first["groupName"]) == ("train", None)
        assert first["tags"] == ["mine", "data:toy", "model:mf", "fusion:id", "loss:bpr"]
        assert json.loads(first["config"])["loss"] == {"value": "bpr"}
        rows = server.history(record["id"])
        assert [row["epoch"] for row in rows if "train/loss" in row] == [1, 2]
        assert [row["epoch"] for row in rows if "val/ndcg@20" in row] == [1, 2]
        assert server.exit_codes[record["id"]] == 0
        made = {asked["artifactTypeName"] for asked in server.variables("CreateArtifact")} - {"run_table"}
        assert made == {"dataset", "config", "model"}
        assert len(server.variables("UseArtifact")) == 1, "the data are the input of the run"

        status = run / "status.json"  # a finished run would stand
        status.write_text(json.dumps(json.loads(status.read_text()) | {"state": "interrupted"}))
        train()
        assert json.loads((run / "wandb.json").read_text()) == record
        assert {asked["name"] for asked in server.variables("UpsertBucket")} == {record["id"]}


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
            "WANDB_MODE": "",
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
