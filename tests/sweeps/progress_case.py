"""What tests of progress share."""

from __future__ import annotations

import json
from pathlib import Path

from omegaconf import OmegaConf

from ltgnn.sweeps.jobs import Job, Outcome
from ltgnn.sweeps.plan import Plan


class Nothing(Plan):
    def pull(self) -> Job | None:
        return None

    def done(self, job: Job, outcome: Outcome) -> None:
        pass


def job(folder: Path, label: str) -> Job:
    return Job(0, (), label, folder.parent, folder.name, OmegaConf.create(), label)


def finished(folder: Path) -> Path:
    folder.mkdir()
    (folder / "metrics.json").write_text(json.dumps({"val": {"ndcg@20": 0.1674}, "selection": {"epoch": 3}}))
    return folder
