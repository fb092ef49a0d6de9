"""Which values an evaluator will give, from the config only: the names for ``monitor``."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

PARTS = ("val", "test")
"""Parts that can be watched."""

COUNTS = ("users", "not_scorable")
"""What is counted in each group of items."""


SHAPES: Mapping[str, type] = {
    **dict.fromkeys(("ks", "user_ks"), list),
    **dict.fromkeys(("metrics", "ranks", "lists", "exposure", "mixtures"), dict),
}
"""What the keys of ``eval`` that names are made of hold."""


def wrong_monitor(config: Mapping[str, Any]) -> Iterator[str]:
    """A line where ``monitor`` names a value that this ``eval`` and these ``groups`` do not give."""
    monitor, evaluation = str(config.get("monitor")), config.get("eval")
    if not isinstance(evaluation, dict) or not isinstance(evaluation.get("metrics"), dict):
        return  # an evaluator of the user's own
    lengths = evaluation.get("ks")
    if not all(isinstance(evaluation.get(key) or kind(), kind) for key, kind in SHAPES.items()) or not (
        isinstance(lengths, list) and lengths and all(isinstance(k, int) and k > 0 for k in lengths)
    ):
        return  # a wrong value, which is reported separately
    part, _, name = monitor.partition("/")
    if part not in PARTS:
        yield f"monitor={monitor}: unknown part '{part}'. Expected PART/[POLICY/GROUP/]METRIC@K, such as val/ndcg@20."
        return
    groups, user_groups = (_names(node) for node in (config.get("groups"), evaluation.get("user_groups")))
    others = groups | user_groups | _names(evaluation.get("event_groups"))
    if any(names is None and policy in name.split("/") for policy, names in others.items()):
        return  # a policy of the user's own, whose groups are not known yet
    known = value_names(evaluation, groups, user_groups)
    mixtures = evaluation.get("mixtures") or {}
    for value in mixtures.get(name, [name]):
        if value not in known:
            near = difflib.get_close_matches(value, [*known, *mixtures], n=3, cutoff=0.3)
            where = f" in eval.mixtures.{name}" if value != name else ""
            hint = f" Did you mean: {', '.join(near)}." if near else ""
            yield f"monitor={monitor}: unknown value '{value}'{where}.{hint}"


def value_names(
    evaluation: Mapping[str, Any],
    groups: Mapping[str, list[str] | None],
    user_groups: Mapping[str, list[str] | None],
) -> list[str]:
    """Names of all values that may be given; a group without held-out items will lack some."""
    ks = evaluation.get("ks") or []
    metrics, ranks, lists, exposure = (evaluation.get(key) or {} for key in ("metrics", "ranks", "lists", "exposure"))
    places = ["", *(f"{policy}/{group}/" for policy, names in groups.items() for group in names or ())]
    named = [f"{place}{metric}@{k}" for place in places for metric in metrics for k in ks]
    named += [f"{place}{metric}" for place in places for metric in ranks]
    named += [f"{metric}@{k}" for metric in lists for k in ks]
    judged = [*(f"{policy}/" for policy in groups), *places[1:]]
    named += [f"{place}{metric}@{k}" for place in judged for metric in exposure for k in ks]
    lengths = {str(k) for k in evaluation.get("user_ks") or []}
    of_users = [name for name in named if "@" not in name or name.rpartition("@")[2] in lengths]
    counted = [f"{place}{count}" for place in places for count in COUNTS]
    beside = [
        f"{policy}/{group}/{name}"
        for policy, names in user_groups.items()
        for group in names or ()
        for name in (*of_users, "users")
    ]
    return [*named, *counted, *beside]


def _names(policies: Any) -> dict[str, list[str] | None]:
    """Groups of each policy, ``cold`` among them; None where its yaml does not name them."""
    found: dict[str, list[str] | None] = {}
    for key, node in (policies or {}).items() if isinstance(policies, dict) else ():
        names = node.get("names") if isinstance(node, dict) else None
        found[str(key)] = [*map(str, names), "cold"] if isinstance(names, list) else None
    return found
