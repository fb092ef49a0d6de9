"""The launcher on joblib's processes, for those who have a joblib backend (dask, ray, spark)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ltgnn.sweeps.execute import Task, execute
from ltgnn.sweeps.jobs import Job, Outcome
from ltgnn.sweeps.plan import Plan


class Joblib:
    """``hydra/launcher=joblib``; ``backend`` and further ``options`` are those of ``joblib.Parallel``."""

    def __init__(self, workers: int, backend: str, options: dict[str, Any]) -> None:
        self.workers, self.backend, self.options = workers, backend, options

    def run(self, plan: Plan, task: Task, since: float) -> None:
        """Every job of the plan; joblib pulls as its workers become free."""
        from joblib import Parallel, delayed

        def pulled() -> Iterator[Any]:
            while (job := plan.pull()) is not None:
                yield delayed(attempt)(job, task, since)

        ran = True
        while ran:  # the end of one round may be a job that another process has
            parallel = Parallel(
                n_jobs=self.workers,
                backend=self.backend,
                return_as="generator_unordered",
                pre_dispatch=self.workers,
                batch_size=1,
                **self.options,
            )
            ran = False
            for job, outcome in parallel(pulled()):
                ran = True
                if outcome.state == "interrupted":
                    raise KeyboardInterrupt
                plan.done(job, outcome)


def attempt(job: Job, task: Task, since: float) -> tuple[Job, Outcome]:
    """``execute`` for a process that must not be ended by a Ctrl-C."""
    try:
        return job, execute(job, task, since)
    except KeyboardInterrupt:
        return job, Outcome("interrupted", job.sweep_dir / job.name)
