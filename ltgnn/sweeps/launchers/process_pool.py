"""The launcher that keeps a pool of worker processes, each with a GPU of its own where there are any."""

from __future__ import annotations

import ctypes
import logging
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from ltgnn.config.sweep_cache import Cache
from ltgnn.io.scoped_cache import cache_scope
from ltgnn.sweeps.execute import Task, execute
from ltgnn.sweeps.jobs import Job, Outcome
from ltgnn.sweeps.plan import Plan
from ltgnn.types import UserError

GRACE = 20.0
"""Seconds that workers get to write down how their job ended when the sweep is interrupted."""

log = logging.getLogger(__name__)


@dataclass
class Worker:
    """A process, our end of its pipe, and what it works on."""

    process: Any
    pipe: Connection
    slot: int
    job: Job | None = None


class Pool:
    """``hydra/launcher=pool``: ``workers`` processes that stay, so that imports are paid once.

    ``workers``: None: one a GPU; without GPUs, one for each ``threads`` cores. ``threads``: of each worker; None: the
    cores divided by the workers. The number of threads can move the last digits of a number.
    """

    def __init__(self, workers: int | None, threads: int | None) -> None:
        self.gpus = visible_gpus()
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self.workers = workers or len(self.gpus) or max(1, cores // (threads or 1))
        if self.workers < 1:
            raise UserError(f"hydra.launcher.workers={workers}: wanted a number of processes, at least 1, or null")
        self.threads = threads or max(1, cores // self.workers)

    def run(self, plan: Plan, task: Task, since: float) -> None:
        """Every job of the plan; a worker that dies is replaced and its job has failed."""
        idle: list[Worker] = []
        working: dict[Any, Worker] = {}
        free = list(range(self.workers))
        try:
            while True:
                while (idle or free) and (job := plan.pull()) is not None:
                    worker = idle.pop() if idle else self._start(free.pop(0), task, since)
                    worker.job = job
                    worker.pipe.send(job)
                    working[worker.pipe] = worker
                if not working:
                    return
                for pipe in wait(list(working)):
                    worker = working.pop(pipe)
                    job, worker.job = worker.job, None
                    assert job is not None
                    try:
                        outcome: Outcome = worker.pipe.recv()
                    except (EOFError, ConnectionResetError):
                        worker.process.join()
                        free.append(worker.slot)
                        plan.done(job, record_death(job, worker.process.exitcode))
                    else:
                        if outcome.state == "interrupted":
                            raise KeyboardInterrupt
                        idle.append(worker)
                        plan.done(job, outcome)
        except BaseException:
            deadline = time.monotonic() + GRACE
            for worker in working.values():
                if worker.process.is_alive():
                    os.kill(worker.process.pid, signal.SIGINT)
            for worker in working.values():
                worker.process.join(max(0.0, deadline - time.monotonic()))
                worker.process.kill()
            raise
        finally:
            for worker in idle:
                worker.pipe.send(None)
            for worker in idle:
                worker.process.join()

    def _start(self, slot: int, task: Task, since: float) -> Worker:
        ours, theirs = multiprocessing.get_context("spawn").Pipe()
        settings = {"OMP_NUM_THREADS": str(self.threads), "MKL_NUM_THREADS": str(self.threads)}
        if self.gpus:
            settings["CUDA_VISIBLE_DEVICES"] = self.gpus[slot % len(self.gpus)]
        with environment(settings):  # before the child imports torch: later is too late
            process = multiprocessing.get_context("spawn").Process(
                target=serve, args=(theirs, task, since, os.getpid()), daemon=False
            )
            process.start()
        theirs.close()
        return Worker(process, ours, slot)


def serve(pipe: Connection, task: Task, since: float, parent: int) -> None:
    """A worker: jobs come, outcomes go; it ends with its parent."""
    end_with(parent)
    cache = Cache()
    with cache_scope():
        while True:
            try:
                job: Job | None = pipe.recv()
            except (EOFError, KeyboardInterrupt):
                return
            if job is None:
                return
            try:
                pipe.send(execute(job, task, since, cache))
            except (KeyboardInterrupt, SystemExit):
                pipe.send(Outcome("interrupted", job.sweep_dir / job.name))
                return


def end_with(parent: int) -> None:
    """Be ended by the kernel when the parent is killed (Linux), so that no orphan continues a job."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:  # it was killed before this call
            sys.exit(1)


def record_death(job: Job, code: int | None) -> Outcome:
    """A job whose process died without a report, and the record of that in its folder."""
    from ltgnn.runs.folder import RunFolder
    from ltgnn.sweeps.ledger import Ledger, read_status

    how = f"by signal {signal.Signals(-code).name}" if code and code < 0 else f"with exit code {code}"
    error = f"the process of the job ended {how} (SIGKILL: most often out of memory)"
    run = RunFolder(Ledger(job.sweep_dir).folder(job.key) or job.sweep_dir / job.name)
    record = {"key": job.key, **read_status(run.path), "state": "failed", "error": error, "traceback": error + "\n"}
    run.record(record | {"ended": time.time()})
    return Outcome("failed", run.path, error)


def visible_gpus() -> list[str]:
    """The CUDA devices that this process may use, as ``CUDA_VISIBLE_DEVICES`` names them; none of them is opened."""
    import torch

    count = torch.cuda.device_count()
    named = [word.strip() for word in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if word.strip()]
    return named[:count] if named else [str(number) for number in range(count)]


@contextmanager
def environment(settings: dict[str, str]) -> Iterator[None]:
    """Environment variables for a child that is started inside; a number of threads that is set already stays."""
    before = dict(os.environ)
    os.environ.update({k: v for k, v in settings.items() if k == "CUDA_VISIBLE_DEVICES" or k not in before})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
