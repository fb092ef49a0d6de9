"""Item groups of the values of runs: the policy, its rule, and whether a group can be scored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ltgnn.runs.run import Run
from ltgnn.types import UserError

POLICY = "items20"
"""What head and tail mean, unless another policy is asked for: the one for claims."""


USUAL = 20
"""Length of the lists that tables are about, where all runs have it."""


def list_length(runs: Sequence[Run]) -> int:
    """20, or the longest that all finished runs have, or that most of them have (``eval.ks``)."""
    known = [{int(n[5:]) for n in run.test if n.startswith("ndcg@") and n[5:].isdecimal()} for run in runs if run.test]
    counted = Counter(k for lengths in known for k in lengths)
    most = {k for k, times in counted.items() if times == max(counted.values())}
    return USUAL if USUAL in most else max(most, default=USUAL)


def policies(runs: Sequence[Run]) -> list[str]:
    """Policies of the values of the test part, in order of their first values."""
    names = [name.split("/") for run in runs for name in run.test if name.count("/") == 2]
    recorded = {policy for run in runs for policy in run.metrics.get("groups", {})}
    return list(dict.fromkeys(p for p, _, value in names if value.startswith("ndcg@") and p in (recorded or {p})))


OTHER_KINDS = ("event_groups", "user_groups")
"""Keys of metrics.json with policies that group held-out pairs and users."""


def policy_of(runs: Sequence[Run], asked: str | None = None, any_kind: bool = False) -> str:
    """The policy to show: the one asked for, else ``items20``, else what the runs have; raises ``UserError``.

    ``any_kind``: it may be one of held-out pairs or of users, too.
    """
    known = policies(runs)
    others = [policy for run in runs for kind in OTHER_KINDS for policy in run.metrics.get(kind, {})]
    if any_kind and asked in others:
        return str(asked)
    if any_kind:
        known = list(dict.fromkeys([*known, *others])) if asked else known
    if asked and asked not in known:
        raise UserError(f"--policy {asked}: no run has values by such groups; there are: {', '.join(known) or 'none'}.")
    return asked or (POLICY if POLICY in known or not known else known[0])


def of_items(runs: Sequence[Run], policy: str) -> str:
    """The policy, if it groups items; else that which is shown by default."""
    return policy if policy in policies(runs) else policy_of(runs)


def card(runs: Sequence[Run], policy: str) -> dict[str, Any]:
    """Rule and sizes as recorded; where they were not recorded (imported runs), the names that the values have."""
    for run in runs:
        for kind in ("groups", *OTHER_KINDS):
            if found := run.metrics.get(kind, {}).get(policy):
                recorded: dict[str, Any] = found
                return recorded
    parts = [name.split("/") for run in runs for name in run.test]
    names = {p[1]: "?" for p in parts if len(p) == 3 and p[0] == policy and p[2].startswith("ndcg@")}
    return {"rule": "not recorded", "sizes": names}


def rule(runs: Sequence[Run], policy: str) -> str:
    """``items20, by share of items: head 20 % ...``"""
    return f"{policy}, {card(runs, policy)['rule']}"


def counted(runs: Sequence[Run], policy: str) -> str:
    """What the groups of a policy hold: items, users or held-out pairs."""
    for kind, noun in zip(OTHER_KINDS, ("Held-out pairs", "Users"), strict=True):
        if any(policy in run.metrics.get(kind, {}) for run in runs):
            return noun
    return "Items"


def sizes(runs: Sequence[Run], policy: str) -> str:
    """``head 337, tail 1310, cold 35``; where runs were tested on different data, those of the first."""
    kinds = ("groups", *OTHER_KINDS)
    cards = [
        found for run in runs for kind in kinds if (found := run.metrics.get(kind, {}).get(policy, {}).get("sizes"))
    ]
    listed = ", ".join(f"{name} {size}" for name, size in card(runs, policy)["sizes"].items())
    return listed + (" (of the first; others differ)" if any(found != cards[0] for found in cards) else "")


def not_scorable(run: Run, name: str) -> bool:
    """Whether the run's model knows no item of the group of a value, so that its 0 is not informative."""
    if run.test.get(name) != 0:
        return False
    prefix = name.rpartition("/")[0]
    known = run.test.get(f"{prefix}/scorable" if prefix else "scorable")
    if known is None and prefix.rpartition("/")[2] == "cold" and prefix.count("/") == 1:  # runs of older versions
        cold = run.metrics.get("cold_items", {})
        known = cold.get("scorable") if cold.get("items") else None
    return known == 0
