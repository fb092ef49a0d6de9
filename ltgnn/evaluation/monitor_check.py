"""Whether an evaluator has a value, asked before anything is trained: without scoring, from names and one metric."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

import torch

from ltgnn.evaluation.evaluator import Evaluator
from ltgnn.evaluation.lists import Lists
from ltgnn.evaluation.record import Stratum
from ltgnn.types import PartEvaluator, UserError


def refuse_unknown(evaluator: Evaluator, name: str, option: str) -> None:
    """``UserError`` where the evaluator will have no value ``name``; it names the nearest that there are."""
    parts = evaluator.mixtures.get(name, {name: 1.0})
    known = value_names(evaluator)
    for part in parts:
        if part not in known:
            near = difflib.get_close_matches(part, known, n=3, cutoff=0.3)
            where = f" in eval.mixtures.{name}" if part != name else ""
            hint = f" Did you mean: {', '.join(near)}." if near else ""
            raise UserError(f"{option}: unknown value '{part}'{where}.{hint}")
        if lacks := explain_missing(evaluator, part):
            raise UserError(f"{option}: the value '{part}' is not defined here: {lacks}.")


def value_names(evaluator: Evaluator) -> list[str]:
    """Names of all values that the evaluator may give, and of mixtures all whose parts are among them."""
    per_user = [
        *(
            f"{s.prefix}{metric}@{k}"
            for s in held_out_groups(evaluator)
            for metric in evaluator.metrics
            for k in evaluator.ks
        ),
        *(f"{s.prefix}{metric}" for s in held_out_groups(evaluator) for metric in evaluator.ranks),
        *(f"{metric}@{k}" for metric in evaluator.lists for k in evaluator.ks),
    ]
    places = [
        place
        for policy, groups in evaluator.groups.items()
        for place in (policy, *(f"{policy}/{group}" for group in groups.names))
    ]
    per_user += [f"{place}/{metric}@{k}" for place in places for metric in evaluator.exposure for k in evaluator.ks]
    at_user_ks = [name for name in per_user if "@" not in name or int(name.rpartition("@")[2]) in evaluator.user_ks]
    users = [f"{policy}/{g}" for policy, groups in evaluator.user_groups.items() for g in groups.names]
    counts = [f"{s.prefix}{count}" for s in evaluator.strata for count in ("users", "not_scorable")]
    names = [*per_user, *counts, *(f"{group}/{name}" for group in users for name in (*at_user_ks, "users"))]
    there = set(names)
    return [*names, *(mixture for mixture, parts in evaluator.mixtures.items() if there.issuperset(parts))]


def held_out_groups(evaluator: Evaluator) -> list[Stratum]:
    """The groups of items of which one at least is held out."""
    return [stratum for stratum in evaluator.strata if bool((stratum.relevant > 0).any())]


def explain_missing(evaluator: Evaluator, name: str) -> str:
    """Why a value of the lists stays undefined; empty where it does not. The metric is asked of lists of any items."""
    *place, last = name.split("/")
    of_users = bool(place) and place[0] in evaluator.user_groups
    place = place[2:] if of_users else place
    metric, _, k = last.partition("@")
    if metric in evaluator.metrics or not k:
        return ""
    if place:
        per_user = evaluator.exposure[metric].per_user
        found = evaluator.exposure[metric](_any_lists(evaluator, int(k)), evaluator.groups[place[0]])
        group = "/".join(place[1:])
        if group not in found:
            return f"{metric} exists for {', '.join(found) if any(found) else f'{place[0]} overall'}"
        number = found[group]
    else:
        per_user = evaluator.lists[metric].per_user
        number = evaluator.lists[metric](_any_lists(evaluator, int(k)))
    if number is None:
        return "the data lack what it needs, such as features (features=...) or categories (eval.categories.columns)"
    return f"{metric} is one number for all users" if of_users and not per_user else ""


def _any_lists(evaluator: Evaluator, k: int) -> Lists:
    """Lists that hold every item in turn, all of them hits, so that values undefined for every list stay undefined."""
    users, items = evaluator.users, evaluator.held_out.num_items
    listed = (torch.arange(len(users))[:, None] + torch.arange(min(k, items))) % items
    scores = -torch.arange(listed.shape[1]).float().expand(len(users), -1)
    sides = evaluator.held_out, evaluator.train, evaluator.seen, evaluator.features, evaluator.categories
    return Lists(users, listed, scores, torch.ones(listed.shape, dtype=torch.bool), evaluator.relevant, *sides)


def refuse_unknown_monitor(monitor: str, evaluators: Mapping[str, PartEvaluator]) -> None:
    """``UserError`` where the monitored part is held out, and its evaluator will not give the monitored value.

    An evaluator of one's own need not know its values beforehand.
    """
    part, _, name = monitor.partition("/")
    if isinstance(evaluator := evaluators.get(part), Evaluator):
        refuse_unknown(evaluator, name, f"monitor={monitor}")


def find_monitored_part(monitor: str, evaluators: Mapping[str, PartEvaluator]) -> str:
    """``val`` or ``test`` of ``part/...``; ``UserError`` where the split has no such part or the part no such value."""
    part = monitor.split("/", 1)[0]
    if part not in evaluators:
        held = ", ".join(evaluators)
        raise UserError(
            f"monitor={monitor} names the part '{part}', but this split holds out: {held}. Set monitor=PART/METRIC@K."
        )
    refuse_unknown_monitor(monitor, evaluators)
    return part
