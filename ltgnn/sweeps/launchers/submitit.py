"""The launcher on SLURM by submitit; ``cluster=local`` runs the same without a cluster."""

from __future__ import annotations

import time
from typing import Any

from ltgnn.sweeps.execute import Task, execute
from ltgnn.sweeps.jobs import Job, Outcome
from ltgnn.sweeps.launchers.process_pool import record_death
from ltgnn.sweeps.plan import Plan
from ltgnn.types import UserError

POLL = 1.0
"""Seconds between two looks at the queue."""


class Submitit:
    """``hydra/launcher=submitit``: one job of the sweep is one job of the cluster.

    ``cluster``: slurm, local, or None (slurm where there is one). ``workers``: jobs in the queue at a time.
    ``parameters``: of ``submitit.AutoExecutor.update_parameters`` (timeout_min, slurm_partition, gpus_per_node ...).
    """

    def __init__(self, workers: int, cluster: str | None, parameters: dict[str, Any]) -> None:
        self.workers, self.cluster = workers, cluster
        self.parameters = {name: value for name, value in parameters.items() if value is not None}

    def run(self, plan: Plan, task: Task, since: float) -> None:
        """Every job of the plan; those still in the queue are cancelled when the sweep is interrupted."""
        try:
            import submitit
        except ImportError:
            raise UserError("hydra/launcher=submitit needs submitit: pip install 'ltgnn[slurm]'") from None
        executor: Any = None
        queued: dict[str, tuple[Job, Any]] = {}
        try:
            while True:
                while len(queued) < self.workers and (job := plan.pull()) is not None:
                    if executor is None:
                        executor = submitit.AutoExecutor(job.sweep_dir / ".submitit", cluster=self.cluster)
                        executor.update_parameters(**self.parameters)
                    queued[job.key] = (job, executor.submit(execute, job, task, since))
                if not queued:
                    return
                time.sleep(POLL)
                for job, handle in [pair for pair in queued.values() if pair[1].done()]:
                    del queued[job.key]
                    plan.done(job, answer(job, handle))
        finally:
            for _, handle in queued.values():
                handle.cancel()


def answer(job: Job, handle: Any) -> Outcome:
    """The outcome, or how the cluster lost the job."""
    try:
        outcome: Outcome = handle.result()
    except Exception as error:  # submitit's own kinds: no result, job timed out, node failed
        lost = record_death(job, None)
        return Outcome("failed", lost.folder, f"lost by the cluster: {str(error).strip().splitlines()[-1]}")
    return outcome
