"""Experiment tracking in addition to the plain files: one W&B run per job, always closed."""

from __future__ import annotations

import csv
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Protocol

from ltgnn.config.metric_direction import smaller_in
from ltgnn.runs.folder import RunFolder
from ltgnn.runs.uploads import pictures

log = logging.getLogger(__name__)


class Tracker(Protocol):
    """What train.py needs of a tracker."""

    def open(self, folder: Path, name: str, config: Mapping[str, Any]) -> Any:
        """A context: the tracker's run is open inside, closed after, failed if the body raised."""
        ...

    def lightning_logger(self) -> Any: ...

    def summary(self, values: Mapping[str, Any]) -> None: ...

    def upload(self, folder: Path) -> None:
        """Tables and plots of the folder's plain files."""
        ...


RECORD = "wandb.json"
"""Where a run folder keeps the id of its W&B run."""

AXES = ("data", "model", "fusion", "loss", "features")
"""Config groups whose options are tags."""


def columns(config: Mapping[str, Any]) -> dict[str, Any]:
    """The config as W&B filters it: root knobs, one column per config group with its option; the rest in ``recipe``."""
    knobs = {key: value for key, value in config.items() if not isinstance(value, dict)}
    groups = {key: value for key, value in config.items() if isinstance(value, dict) and key != "choices"}
    return knobs | dict(config["choices"]) | {"recipe": groups}


def monitored_values(folder: Path, name: str) -> list[tuple[int, float]]:
    """(epoch, value) of a column of history.csv; of an epoch that was run twice the later one."""
    file = folder / "history.csv"
    if not file.is_file():
        return []
    with file.open(newline="", encoding="utf-8") as lines:
        found = {int(float(row["epoch"])): float(row[name]) for row in csv.DictReader(lines) if row.get(name)}
    return sorted(found.items())


class NoTracker:
    """Plain files only."""

    @contextmanager
    def open(self, folder: Path, name: str, config: Mapping[str, Any]) -> Iterator[NoTracker]:
        yield self

    def lightning_logger(self) -> bool:
        return False

    def summary(self, values: Mapping[str, Any]) -> None:
        """Nothing to track."""

    def upload(self, folder: Path) -> None:
        """Nothing to show."""


class Wandb:
    """Weights & Biases. ``mode=auto``: ``WANDB_MODE`` if set, else online where a key is known, else offline."""

    def __init__(
        self,
        project: str,
        entity: str | None,
        mode: Literal["auto", "online", "offline", "disabled"],
        group: str | None,
    ) -> None:
        self.project, self.entity, self.mode, self.group = project, entity, mode, group
        self.run: Any = None

    @contextmanager
    def open(self, folder: Path, name: str, config: Mapping[str, Any]) -> Iterator[Wandb]:
        import wandb

        self.monitor = str(config.get("monitor", ""))
        self.less = bool(self.monitor) and smaller_in(config.get("eval") or {}, self.monitor)
        os.environ.setdefault("WANDB_SILENT", "true")
        choices, mode = config["choices"], self._mode()
        again = RunFolder(folder).read_json(RECORD)
        # online the run is resumed; offline W&B cannot resume, and files with one id overwrite each other when synced
        same = {"id": again["id"], "resume": "allow"} if again and mode == "online" else {}
        before = {"resumed_from": again["id"]} if again and not same else {}
        self.run = wandb.init(
            project=self.project,
            entity=self.entity,
            mode=mode,  # type: ignore[arg-type]
            group=self.group or os.environ.get("WANDB_SWEEP_ID") or folder.parent.name,
            job_type=config["task"],
            name=name,
            tags=[*config["tags"], *(f"{axis}:{choices[axis]}" for axis in AXES)],
            config=columns(config) | before,
            dir=str(folder),
            reinit="finish_previous",
            settings=wandb.Settings(
                silent=True,
                console="off",
                x_disable_stats=True,
                x_save_requirements=False,  # a tenth of a second to read all packages; env.json has those that matter
            ),
            **same,
        )
        RunFolder(folder).write_json(RECORD, {"id": self.run.id, "project": self.project, "mode": mode, **before})
        self.run.define_metric("trainer/global_step")
        self.run.define_metric("*", step_metric="trainer/global_step")
        # full names: which of several patterns W&B takes is not defined, and Lightning adds "*" once more
        for metric, kinds in (("train/loss", "min,last"), (self.monitor, f"{'min' if self.less else 'max'},last")):
            if metric:
                self.run.define_metric(metric, step_metric="trainer/global_step", summary=kinds)
        code = 1
        try:
            yield self
            code = 0
        finally:
            self.run.finish(exit_code=code)
            self.run = None

    def lightning_logger(self) -> Any:
        from pytorch_lightning.loggers import WandbLogger

        return WandbLogger(experiment=self.run, save_dir=self.run.dir, log_model=False)

    def summary(self, values: Mapping[str, Any]) -> None:
        self.run.summary.update(dict(values))

    def upload(self, folder: Path) -> None:
        """Tables and plots; best and last value of the monitor, which the summary of its curve does not distinguish."""
        self.run.log(pictures(folder))
        curve = monitored_values(folder, self.monitor)
        if curve:
            epoch, best = (min if self.less else max)(curve, key=lambda point: point[1])
            self.summary({"monitor/best": best, "monitor/best_epoch": epoch, "monitor/last": curve[-1][1]})

    def _mode(self) -> str:
        if self.mode != "auto":
            return self.mode
        if told := os.environ.get("WANDB_MODE"):
            return told
        netrc = Path.home() / ".netrc"
        signed_in = netrc.is_file() and "api.wandb.ai" in netrc.read_text(errors="ignore")
        known = signed_in or "WANDB_API_KEY" in os.environ
        if not known:
            log.info("W&B: no API key found, so the run is kept offline (upload later with `wandb sync`).")
        return "online" if known else "offline"
