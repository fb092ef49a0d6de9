"""Several processes of this machine that train one run together: process 0 is the run, the others are started by it.

The others read the recipe from the run folder's ``config.yaml`` (``python -m ltgnn.training.distributed.worker
FOLDER``), so that a sweep, a test and SLURM start them in the same way, and write nothing but ``rank1.log`` ... there.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from omegaconf import DictConfig

from ltgnn.types import UserError

WAIT = 60.0
"""Seconds that the others get to end after process 0."""


def processes(cfg: DictConfig) -> int:
    """How many processes train the run."""
    if cfg.trainer.get("strategy") is None:
        return 1
    devices = cfg.trainer.devices
    if not isinstance(devices, int) or devices < 1:
        raise UserError(f"trainer.devices={devices}: wanted the number of processes, at least 1.")
    return devices


@contextmanager
def worker_processes(cfg: DictConfig) -> Iterator[None]:
    """Inside, the other processes of the run are there; an error of one of them becomes ours."""
    world = processes(cfg)
    if world == 1:
        yield
        return
    if given_rank := os.environ.get("LTGNN_RANK"):
        ready_file(Path(cfg.paths.run_dir), int(given_rank)).touch()
        yield
        return
    folder, before = Path(cfg.paths.run_dir), dict(os.environ)
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "NODE_RANK": "0"}
    others = {rank: start(folder, rank, place) for rank in range(1, world)}
    os.environ.update(place | {"LOCAL_RANK": "0"})
    try:
        wait_until_ready(folder, others)
        yield
        disconnect()  # the others wait for it
        failed = [rank for rank, process in others.items() if process.wait(WAIT)]
    except BaseException as error:
        for rank, process in others.items():
            if process.poll():
                error.add_note(f"process {rank} had ended: {last_log_line(folder, rank)}")
            process.kill()
        raise
    finally:
        disconnect()
        os.environ.clear()
        os.environ.update(before)
    if failed:
        raise RuntimeError(f"process {failed[0]} of the run failed: {last_log_line(folder, failed[0])}")


def start(folder: Path, rank: int, place: dict[str, str]) -> subprocess.Popen[bytes]:
    """Process ``rank`` of the run in ``folder``."""
    variables = place | {"LOCAL_RANK": str(rank), "LTGNN_RANK": str(rank)}
    path = os.pathsep.join(word for word in sys.path if word)  # what we can import, it can
    with (folder / f"rank{rank}.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "ltgnn.training.distributed.worker", str(folder.resolve())],
            env={**os.environ, **variables, "PYTHONPATH": path}, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip


def ready_file(folder: Path, rank: int) -> Path:
    """The file by which a process reports that it is ready."""
    return folder / f".rank{rank}.ready"


def wait_until_ready(folder: Path, others: Mapping[int, subprocess.Popen[bytes]]) -> None:
    """Wait until all are ready: once processes wait for each other, one that died would keep the rest for long."""
    for rank, process in others.items():
        while not ready_file(folder, rank).exists():
            if process.poll() is not None:
                raise RuntimeError(f"process {rank} of the run failed: {last_log_line(folder, rank)}")
            time.sleep(0.05)
        ready_file(folder, rank).unlink()


def disconnect() -> None:
    """Leave the group of processes, so that the next run of a sweep can make its own."""
    import torch.distributed as dist

    if dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()


def last_log_line(folder: Path, rank: int) -> str:
    """The last log line of a process; an error's further lines are indented."""
    lines = (folder / f"rank{rank}.log").read_text(encoding="utf-8", errors="replace").splitlines()
    lines = [line for line in lines if line.strip() and not line.startswith(" ")]
    return lines[-1] if lines else f"no output; see {folder}/rank{rank}.log"


def free_port() -> int:
    """A free port."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
