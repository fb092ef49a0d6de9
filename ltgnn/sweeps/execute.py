"""One job in this process: claimed, run, recorded, and nothing of it left behind."""

from __future__ import annotations

import gc
import logging
import os
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from hydra._internal.callbacks import Callbacks
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobStatus, configure_log, run_job, setup_globals
from hydra.types import HydraContext
from omegaconf import OmegaConf

from ltgnn.config import resolvers
from ltgnn.config.sweep_cache import NO_CACHE, Cache
from ltgnn.io import libyaml
from ltgnn.io.scoped_cache import cache_scope
from ltgnn.runs.difference import differences, in_words
from ltgnn.runs.folder import RunFolder
from ltgnn.runs.run_key import key_of, resolve_config
from ltgnn.sweeps.jobs import Job, Outcome, assign_folder, resolve
from ltgnn.sweeps.ledger import Ledger, read_status
from ltgnn.types import UserError

Task = Callable[..., Any]
"""``(cfg, cache: Cache) -> value``: what a command does for each job; ``cache`` is shared by the jobs of a process."""

MEANWHILE = "the files that this job reads have changed since the sweep began: give the command again"

log = logging.getLogger(__name__)


def execute(job: Job, task: Task, since: float, cache: Cache = NO_CACHE) -> Outcome:
    """Run ``job`` unless it has finished, is run by another process, or failed after ``since``.

    Its folder records how it ended in any case: a task that fails before its record starts gets one here.
    A Ctrl-C is passed on to the caller. ``cache``: what the jobs of this process share.
    """
    setup_globals()
    resolvers.register()
    with Ledger(job.sweep_dir).claim(job.key, job.name, since) as claim:
        run = RunFolder(claim.folder)
        if claim.state != "mine":
            state = "skipped" if claim.state == "finished" else claim.state
            return Outcome(state, claim.folder, read_status(claim.folder).get("error", ""))
        started, hydra = time.time(), HydraConfig.instance().cfg
        with cache_scope(), clean(), libyaml.faster_omegaconf():
            try:
                assign_folder(job.config, claim.folder)
                recipe = resolve(job.config)
                if key_of(recipe) != job.key:
                    error = UserError(MEANWHILE)
                    log.error("job %s failed: %s", job.number, error)
                    return Outcome("failed", claim.folder, _record(run, job, started, error)["error"])
                say_what_is_kept(job, claim.folder, recipe)
                context = HydraContext(config_loader=None, callbacks=Callbacks(job.config))  # type: ignore[arg-type]
                answer = run_job(
                    partial(task, cache=cache), job.config, "hydra.sweep.dir", "hydra.sweep.subdir", context
                )
            finally:
                configure_log(job.config.hydra.hydra_logging, job.config.hydra.verbose)
                HydraConfig.instance().cfg = hydra
        status = read_status(claim.folder)
        if answer.status != JobStatus.COMPLETED and status.get("state") in (None, "running", "finished"):
            status = _record(run, job, started, answer._return_value)
        seconds = time.time() - started
        return Outcome(status.get("state", "finished"), claim.folder, status.get("error", ""), seconds)


def say_what_is_kept(job: Job, folder: Path, recipe: dict[str, Any]) -> None:
    """A line where the job's own folder holds a run of another recipe or of other data, so that it has got another."""
    kept = RunFolder(job.sweep_dir / job.name)
    if folder.name != job.name and folder.parent == job.sweep_dir and (kept.path / "status.json").is_file():
        why = in_words(differences(kept.path, recipe)) or "its key is of another version"
        log.warning("%s is kept, but is not this job's run: %s. The job runs in %s", kept.path, why, folder.name)


def _record(run: RunFolder, job: Job, started: float, error: BaseException) -> dict[str, Any]:
    trace = "".join(traceback.format_exception(error))
    status = {
        "state": "failed",
        "key": job.key,
        "pid": os.getpid(),
        "started": started,
        "ended": time.time(),
        "error": f"{type(error).__name__}: {error}",
        "traceback": trace,
    }
    if not (run.path / "config.yaml").is_file():
        recipe = resolve_config(OmegaConf.masked_copy(job.config, [str(key) for key in job.config if key != "hydra"]))
        words = {axis: word for axis, word in job.config.hydra.runtime.choices.items() if not axis.startswith("hydra/")}
        run.written["config.yaml"] = libyaml.dump(recipe | {"choices": words})
    run.record(status)
    return status


@contextmanager
def clean() -> Iterator[None]:
    """Undo what a job does to the process: environment, folder, torch's switches, random states, memory."""
    import random

    import numpy as np
    import torch

    environment, here = dict(os.environ), os.getcwd()
    dtype, threads, grad = torch.get_default_dtype(), torch.get_num_threads(), torch.is_grad_enabled()
    strict = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    drawn = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    try:
        with warnings.catch_warnings():
            yield
    finally:
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(here)
        torch.set_default_dtype(dtype)
        torch.set_num_threads(threads)
        torch.set_grad_enabled(grad)
        torch.use_deterministic_algorithms(strict[0], warn_only=strict[1])
        random.setstate(drawn[0])
        np.random.set_state(drawn[1])  # noqa: NPY002
        torch.set_rng_state(drawn[2])
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def describe_error(error: str) -> str:
    """The first line of an error, without the name of ``UserError``."""
    return error.removeprefix(f"{UserError.__name__}: ").partition("\n")[0]
