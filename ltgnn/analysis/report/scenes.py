"""Is it as good in each scene? The values of a report by groups of held-out pairs, such as app, web and store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ltgnn.analysis.event_groups import (
    GroupChange,
    GroupValue,
    changes_by_group,
    event_card,
    event_policies,
    groups_with_values,
    is_equal_sentence,
    values_by_group,
)
from ltgnn.analysis.report.answer import DRAWS, LEVEL, best
from ltgnn.analysis.report.gather import Configuration, Runs
from ltgnn.analysis.report.sections import Cell, cell
from ltgnn.types import Damaged, UserError


@dataclass(frozen=True)
class Scenes:
    """What a page says of one policy of held-out pairs."""

    policy: str
    rule: str
    label: str  # of the configuration that the sentence and the intervals are about
    sentence: str
    values: list[GroupValue]
    between: str  # what the changes are between; empty: there are none
    changes: list[GroupChange]
    groups: list[str]
    board: list[tuple[Configuration, list[Cell]]]  # every configuration, a cell for each group


def scenes(runs: Runs, board: Sequence[Configuration]) -> list[Scenes]:
    """For each policy that all runs were evaluated by; ``board``: configurations, the best by validation first."""
    return [_scenes(runs, board, policy) for policy in event_policies(runs.finished)]


def _scenes(runs: Runs, board: Sequence[Configuration], policy: str) -> Scenes:
    name, first = f"ndcg@{runs.k}", board[0]
    values: list[GroupValue] = []
    try:
        values = values_by_group(first.side, policy, name, LEVEL, DRAWS, seed=0)
        sentence = is_equal_sentence(values, LEVEL)
    except Damaged:  # this run is left out, and the page made again without it
        raise
    except UserError as mistake:
        sentence = str(mistake)
    new = best([c for c in runs.configurations if c.uses_features], name)
    base = best([c for c in runs.configurations if not c.uses_features], name)
    changes: list[GroupChange] = []
    if new is not None and base is not None:
        try:
            changes = changes_by_group(base.side, new.side, policy, name, LEVEL, DRAWS, seed=0)
        except Damaged:
            raise
        except UserError:
            changes = []  # no values of single users were kept
    groups = groups_with_values(first.side, policy, name)
    return Scenes(
        policy, event_card(first.first, policy)["rule"], first.label, sentence, values,
        f"{base.label} to {new.label}" if changes and base and new else "", changes, groups,
        [(c, [cell(c, f"{policy}/{group}/{name}") for group in groups]) for c in board],
    )  # fmt: skip
