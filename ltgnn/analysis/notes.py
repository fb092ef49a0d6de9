"""Notes under a table: what could not be scored, warnings, weights of ensembles, and the answer in a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ltgnn.analysis.item_groups import not_scorable
from ltgnn.analysis.rows import Row, splits
from ltgnn.analysis.table_formats import cell_text
from ltgnn.analysis.table_values import Column
from ltgnn.io.pluralize import pluralize
from ltgnn.io.terminal import printable


def number_sentences(pairs: Sequence[tuple[int, str]]) -> str:
    """``0, 1, 3: sentence``: each sentence once, with the rows that it is about."""
    about: dict[str, dict[int, None]] = {}
    for number, sentence in pairs:
        about.setdefault(printable(sentence), {})[number] = None
    return "\n".join(f"{', '.join(map(str, rows))}: {sentence}" for sentence, rows in about.items())


def cold_note(rows: Sequence[Row]) -> str:
    """Which rows could not score items without a train interaction, and how many test pairs they missed by that."""
    notes = []
    for row in rows:
        cold = row.first.metrics.get("cold_items", {})
        if (unknown := int(row.first.test.get("not_scorable", 0))) and cold:
            left = f"{cold['items'] - cold['scorable']:,} of {pluralize(cold['items'], 'cold item')}"
            reason = "no score from the features" if row.first.uses_features else "features not read"
            notes.append((
                row.number,
                f"{left} not scorable (no train interaction, {reason}); "
                f"the {pluralize(unknown, 'test pair on them counts', 'test pairs on them count')} as missed.",
            ))  # fmt: skip
    return number_sentences(notes)


def no_pairs_note(rows: Sequence[Row], columns: Sequence[Column]) -> str:
    """What ``-`` means, where a group of items has no test pair."""
    done = [row for row in rows if row.done]
    groups = dict.fromkeys(
        column.group
        for column in columns
        if column.group and done and all(cell_text(row, column.name) == "-" for row in done)
    )
    return f"-: no test pair in the group ({printable(', '.join(groups))})." if groups else ""


def warnings_note(rows: Sequence[Row]) -> str:
    """The warnings that the runs recorded."""
    return number_sentences(
        [(row.number, f"warning: {text}") for row in rows for run in row.runs for text in run.warnings]
    )


def ensemble_note(rows: Sequence[Row]) -> str:
    """The weight of each member of a blend, by user and item group where there are several."""
    found = [(row.number, weights_of(row.first.config)) for row in rows if row.done]
    return number_sentences([(number, f"weights: {words}") for number, words in found if words])


def weights_of(config: Mapping[str, Any]) -> str:
    """``ease 0.7, lightgcn 0.3``, with the policies of the groups where they depend on some; nothing for other runs."""
    blend = config.get("blend") or {}
    weights = blend.get("weights")
    if not isinstance(weights, Mapping):
        return ""
    listed = ", ".join(f"{name} {_weight(weight)}" for name, weight in weights.items())
    sides = [(side, blend.get(side)) for side in ("users", "items")]
    by = ", ".join(
        f"{side} by {part['policy']}" for side, part in sides if isinstance(part, Mapping) and "policy" in part
    )
    return f"{listed} ({by})" if by else listed


def answer(rows: Sequence[Row], policy: str, k: int) -> str:
    """Do item features help the tail, and what does the head pay? Both sides chosen by validation NDCG."""
    ndcg = f"ndcg@{k}"
    sides: dict[bool, list[Row]] = {True: [], False: []}
    for row in rows:
        if row.done and row.validation(ndcg) is not None:
            sides[row.first.uses_features].append(row)
    if not all(sides.values()) or splits(rows) > 1:
        return ""
    features, ids = (max(sides[side], key=lambda row: row.validation(ndcg) or 0.0) for side in (True, False))
    gains = {}
    for group, key in (("overall", ""), ("head", f"{policy}/head/"), ("tail", f"{policy}/tail/")):
        before, after = ids.side.mean(key + ndcg), features.side.mean(key + ndcg)
        if before is None or after is None:  # no held-out item in the group, as head and tail under split=cold_items
            continue
        share = f" ({100 * (after / before - 1):+.1f} %)" if before else ""
        gains[group] = f"{_format_value(ids, key + ndcg)} -> {_format_value(features, key + ndcg)}{share}"
    listed = ", ".join(f"{group} {gain}" for group, gain in gains.items())
    counts = len(ids.runs), len(features.runs)
    no_claim = "One run of each, so no claim: `ltgnn claim` tests several seeds."
    counted = f"{pluralize(counts[1], 'run')} and {pluralize(counts[0], 'run')}"
    means = f"Means over {counted}; `ltgnn claim` tests whether the difference is real."
    return (
        f"Best with features (by validation): {features.label}; best without: {ids.label}.\n"
        f"Test {ndcg.upper()}, groups {policy}: {listed}.\n" + (no_claim if counts == (1, 1) else means)
    )


def _format_value(row: Row, name: str) -> str:
    if all(not_scorable(run, name) for run in row.runs):
        return "not scorable"
    sd = row.side.sd(name)
    return f"{row.side.mean(name):.4f}" + (f" ± {sd:.4f}" if sd is not None else "")


def _weight(weight: Any) -> str:
    """A number; by user and item group, ``{active: head 1.2 tail 0.8; ...}``"""
    if isinstance(weight, Mapping):
        nested = any(isinstance(inner, Mapping) for inner in weight.values())
        listed = [f"{name}{':' if nested else ''} {_weight(inner)}" for name, inner in weight.items()]
        return f"{{{'; '.join(listed)}}}" if nested else " ".join(listed)
    return f"{weight:.3g}" if isinstance(weight, int | float) else str(weight)
