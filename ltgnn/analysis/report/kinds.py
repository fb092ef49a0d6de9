"""Which kind of item features helps whom, for the page: None where its runs cannot say."""

from __future__ import annotations

from ltgnn.analysis.kind_gains import KindGains, kind_gains
from ltgnn.analysis.report.gather import Runs
from ltgnn.types import Damaged, UserError


def kinds(runs: Runs) -> KindGains | None:
    """What each kind changes, of runs that differ in the features alone."""
    try:
        return kind_gains(runs.finished, f"ndcg@{runs.k}", runs.policy)
    except Damaged:  # this run is left out, and the page made again without it
        raise
    except UserError:
        return None
