"""Which job is next: the plan of a grid, pulled by the launcher one job at a time."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable
from typing import Protocol

from ltgnn.sweeps.jobs import Job, Outcome
from ltgnn.sweeps.ledger import Ledger

POLL = 0.3
"""Seconds between two looks at a job that another process has."""


class Plan(Protocol):
    """What a launcher sees of a sweep."""

    before: int = 0
    """Jobs that count as done and are not pulled again."""

    def pull(self) -> Job | None:
        """The next job; None: none for now. It is over when none is in flight and this gives None."""
        ...

    def done(self, job: Job, outcome: Outcome) -> None:
        """How a pulled job ended."""
        ...


class GridPlan:
    """Given jobs in their order; one that another process has waits until it is done, or its owner dead."""

    before: int = 0

    def __init__(self, jobs: Iterable[Job], ledger: Ledger, stop_on_error: bool) -> None:
        self.queue, self.ledger, self.stop_on_error = deque(jobs), ledger, stop_on_error
        self.in_flight: set[str] = set()
        self.lock = threading.Lock()  # joblib pulls from a thread of its own

    def pull(self) -> Job | None:
        while True:
            with self.lock:
                for _ in range(len(self.queue)):
                    job = self.queue.popleft()
                    if job.key not in self.in_flight and not self.ledger.busy(job.key):
                        self.in_flight.add(job.key)
                        return job
                    self.queue.append(job)
                if not self.queue or self.in_flight:
                    return None
            time.sleep(POLL)

    def done(self, job: Job, outcome: Outcome) -> None:
        with self.lock:
            self.in_flight.discard(job.key)
            if outcome.state == "busy":
                self.queue.append(job)
            if outcome.state == "failed" and self.stop_on_error:
                self.queue.clear()
