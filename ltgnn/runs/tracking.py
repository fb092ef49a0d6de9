"""Experiment tracking in addition to the plain files: one W&B run per job, always closed."""

from __future__ import annotations

import csv
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from netrc import NetrcParseError, netrc
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from ltgnn.config.metric_direction import smaller_in
from ltgnn.io.scoped_cache import cached
from ltgnn.runs.folder import RunFolder
from ltgnn.runs.uploads import pictures
from ltgnn.runs.wandb_artifacts import log_artifacts, log_code
from ltgnn.runs.wandb_labels import columns, run_group, run_name, run_tags

log = logging.getLogger(__name__)


class Tracker(Protocol):
    """What train.py needs of a tracker."""

    def open(self, folder: Path, config: Mapping[str, Any]) -> Any:
        """A context: the tracker's run is open inside, closed after, failed if the body raised."""
        ...

    def lightning_logger(self) -> Any: ...

    def callbacks(self) -> list[Any]:
        """Lightning callbacks that log what no part of the training logs."""
        ...

    def evaluations(self, values: Mapping[str, float]) -> None:
        """``part/name`` -> value of the selected model."""
        ...

    def summary(self, values: Mapping[str, Any]) -> None:
        """Facts about the run, all of them shown."""
        ...

    def upload(self, folder: Path) -> None:
        """Tables, plots and artifacts of the folder's plain files."""
        ...


RECORD = "wandb.json"
"""Where a run folder keeps the id of its W&B run."""


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
    def open(self, folder: Path, config: Mapping[str, Any]) -> Iterator[NoTracker]:
        yield self

    def lightning_logger(self) -> bool:
        return False

    def callbacks(self) -> list[Any]:
        return []

    def evaluations(self, values: Mapping[str, float]) -> None:
        """Nothing to track."""

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
        name: str | list[str] | None,
        metrics: Sequence[str],
        artifacts: bool,
        code: bool,
        system_metrics: bool,
        console: bool,
    ) -> None:
        self.project, self.entity, self.mode, self.group = project, entity, mode, group
        self.name, self.metrics, self.artifacts, self.code = name, metrics, artifacts, code
        self.system_metrics, self.console = system_metrics, console
        self.run: Any = None

    @contextmanager
    def open(self, folder: Path, config: Mapping[str, Any]) -> Iterator[Wandb]:
        import wandb

        from ltgnn.runs.wandb_curves import EPOCH, STEP, Selection

        self.monitor = str(config.get("monitor", ""))
        self.less = bool(self.monitor) and smaller_in(config.get("eval") or {}, self.monitor)
        self.selection = Selection(list(self.metrics), self.monitor)
        os.environ.setdefault("WANDB_SILENT", "true")
        shown, mode = run_name(self.name, config, folder), self._mode()
        again = RunFolder(folder).read_json(RECORD)
        # online the run is resumed; offline W&B cannot resume, and files with one id overwrite each other when synced
        same = {"id": again["id"], "resume": "allow"} if again and mode == "online" else {}
        before = {"resumed_from": again["id"]} if again and not same else {}
        self.run = wandb.init(
            project=self.project,
            entity=self.entity,
            mode=mode,  # type: ignore[arg-type]
            group=run_group(self.group, config, folder),
            job_type=config["task"],
            name=shown,
            tags=run_tags(config),
            config=columns(config) | before,
            dir=str(folder),
            reinit="finish_previous",
            settings=wandb.Settings(
                silent=True,
                console="wrap" if self.console else "off",
                x_disable_stats=not self.system_metrics,
                x_save_requirements=False,  # a tenth of a second to read all packages; env.json has those that matter
            ),
            **same,
        )
        RunFolder(folder).write_json(RECORD, {"id": self.run.id, "project": self.project, "mode": mode, **before})
        self.run.define_metric(EPOCH)
        self.run.define_metric(STEP)
        self.run.define_metric("*", step_metric=EPOCH)
        # full names: which of several patterns W&B takes is not defined
        self.run.define_metric("train/loss_step", step_metric=STEP)  # of each step, which tuning an encoder logs
        for metric, kinds in (("train/loss", "min,last"), (self.monitor, f"{'min' if self.less else 'max'},last")):
            if metric:
                self.run.define_metric(metric, step_metric=EPOCH, summary=kinds)
        code = 1
        try:
            if self.code:
                log_code(self.run)
            yield self
            code = 0
        finally:
            self.run.finish(exit_code=code)
            self.run = None

    def lightning_logger(self) -> Any:
        from ltgnn.runs.wandb_curves import EpochLogger

        return EpochLogger(self.run, self.selection)

    def callbacks(self) -> list[Any]:
        from ltgnn.runs.wandb_curves import LearningRate

        return [LearningRate()]

    def evaluations(self, values: Mapping[str, float]) -> None:
        self.summary(self.selection.of(values))

    def summary(self, values: Mapping[str, Any]) -> None:
        self.run.summary.update(dict(values))

    def upload(self, folder: Path) -> None:
        """Tables and plots; best and last value of the monitor, which the summary of its curve does not distinguish."""
        self.run.log(pictures(folder))
        curve = monitored_values(folder, self.monitor)
        if curve:
            epoch, best = (min if self.less else max)(curve, key=lambda point: point[1])
            self.summary({"monitor/best": best, "monitor/best_epoch": epoch, "monitor/last": curve[-1][1]})
        if self.artifacts:
            log_artifacts(self.run, folder)

    def _mode(self) -> str:
        if self.mode != "auto":
            return self.mode
        if mode := os.environ.get("WANDB_MODE"):
            return mode
        if key_is_known():
            return "online"
        say_offline()
        return "offline"


@cached
def say_offline() -> None:
    """Said once in a command, not for each job of a sweep."""
    log.info("W&B: no API key found, so runs are kept offline (upload later with `wandb sync`).")


def key_is_known() -> bool:
    """Whether W&B would find a key for its server: in the environment, or where ``wandb login`` keeps it."""
    if os.environ.get("WANDB_API_KEY") or os.environ.get("WANDB_IDENTITY_TOKEN_FILE"):
        return True
    host = urlsplit(os.environ.get("WANDB_BASE_URL", "https://api.wandb.ai")).netloc
    files = [os.environ.get("NETRC"), Path.home() / ".netrc", Path.home() / "_netrc"]
    for file in files:
        with suppress(OSError, NetrcParseError):
            if file and netrc(str(file)).authenticators(host):
                return True
    return False
