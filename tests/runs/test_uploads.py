"""What a run shows in W&B besides its numbers: made from the plain files of its folder, so both agree."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.conftest import CONF
from tests.runs.wandb_online_case import TRAIN, without_mode
from tests.runs.wandb_server import wandb_server


def test_what_arrives_at_the_server(shop: Path, tmp_path: Path) -> None:
    """In a process of its own, as W&B reads key and address once."""
    run = tmp_path / "run"
    words = [*TRAIN, f"data.files.path={shop}", f"hydra.run.dir={run}"]
    with wandb_server() as server:
        settings = {
            "WANDB_BASE_URL": server.address,
            "WANDB_API_KEY": "0" * 40,
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
        made = {asked["input"]["artifactTypeName"] for asked in server.variables("CreateArtifact")} - {"run_table"}
        assert made == {"dataset", "config", "model"}
        assert len(server.variables("UseArtifact")) == 1, "the data are the input of the run"

        status = run / "status.json"  # a finished run would stand
        status.write_text(json.dumps(json.loads(status.read_text()) | {"state": "interrupted"}))
        train()
        assert json.loads((run / "wandb.json").read_text()) == record
        assert {asked["name"] for asked in server.variables("UpsertBucket")} == {record["id"]}
