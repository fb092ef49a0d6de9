"""The launcher that runs one job after the other in this process; what they share is made once."""

from __future__ import annotations

import gc

from ltgnn.config.sweep_cache import Cache
from ltgnn.sweeps.execute import Task, execute
from ltgnn.sweeps.plan import Plan


class Local:
    """``hydra/launcher=local``, the default."""

    workers = 1

    def run(self, plan: Plan, task: Task, since: float) -> None:
        """Every job of the plan."""
        gc.freeze()  # what the program has loaded so far need not be looked through after each job
        try:
            cache = Cache()
            while (job := plan.pull()) is not None:
                plan.done(job, execute(job, task, since, cache))
        finally:
            gc.unfreeze()
