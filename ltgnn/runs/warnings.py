"""What a reader of a run's numbers should know: plain sentences, logged, and kept in metrics.json["warnings"]."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from omegaconf import DictConfig
from torch import Tensor

from ltgnn.io.pluralize import pluralize
from ltgnn.types import Dataset, Evaluation, Features, Interactions, Split, TopK

PAIRS, USERS = 100, 0.05
"""A validation part with fewer pairs, or of a smaller share of the users, is too small to choose by."""

PLACES, SAMPLE = 20, 500
"""First places of a list, and test users, that are compared with the popularity list."""

ALIKE = 0.9
"""Share of these places above which a model is reported to rank by popularity."""

log = logging.getLogger(__name__)


def collect(
    cfg: DictConfig,
    dataset: Dataset,
    split: Split,
    features: Features | None,
    evaluations: Mapping[str, Evaluation],
    selection: Mapping[str, Any],
) -> list[str]:
    """All sentences about a run; those about its data and text were logged where they were found."""
    found = [
        small_validation(split, cfg.split.get("val")),
        never_validated(cfg, selection),
        popular_lists(evaluations["test"].lists, split, "closed_form" in (cfg.get("model") or {}))
        if "test" in evaluations
        else "",
    ]
    sentences = [sentence for sentence in found if sentence]
    for sentence in sentences:
        log.warning("%s", sentence)
    cards = (dataset.card, features.card if features is not None else {})
    return list(
        dict.fromkeys([*sentences, *(str(sentence) for card in cards for sentence in card.get("warnings", ()))])
    )


def small_validation(split: Split, share: float | None) -> str:
    """Empty where the validation part is large enough to choose by, or there is none. ``share``: ``split.val``."""
    pairs, users, everybody = len(split.val), int((split.val.user_counts > 0).sum()), split.val.num_users
    if not pairs or (pairs >= PAIRS and users >= USERS * everybody):
        return ""
    way_out = "choose another split" if share is None else f"set split.val above {share:g}"
    if users < everybody:
        way_out += ", or split=leave_one_out, which holds out a pair of every user"
    return (
        f"The validation part has {pluralize(pairs, 'pair')} of {pluralize(users, 'user')} "
        f"({users / max(everybody, 1):.1%} of all), too few to choose an epoch or a configuration by: {way_out}."
    )


def never_validated(cfg: DictConfig, selection: Mapping[str, Any]) -> str:
    """Empty where the epoch was selected by the monitor, or nothing was to be selected."""
    watched = ((cfg.get("callbacks") or {}).get("checkpoint") or {}).get("monitor")
    if selection.get("by") != "last epoch" or watched is None:
        return ""
    epochs = pluralize(int(selection["epochs_run"] if "epochs_run" in selection else selection["epoch"]), "epoch")
    return (
        f"Training was never validated: it ran {epochs}, "
        f"and eval_every={cfg.eval_every}; the last epoch was taken. Set eval_every to at most epochs."
    )


def popular_lists(lists: TopK, split: Split, closed_form: bool) -> str:
    """Empty where the lists are not the popularity list, and for the closed form that is that list, place by place."""
    k = min(PLACES, lists.items.shape[1], max(1, split.train.num_items // 5))
    rows = torch.linspace(0, len(lists.users) - 1, min(SAMPLE, len(lists.users))).long()
    order = torch.argsort(split.train.item_counts, descending=True, stable=True)
    popular = torch.stack([first_unseen(order, [split.train, split.val], int(user), k) for user in lists.users[rows]])
    shown = lists.items[rows, :k]
    if closed_form and torch.equal(shown, popular):
        return ""
    alike = float(((shown[:, :, None] == popular[:, None, :]) & (shown >= 0)[:, :, None]).any(2).double().mean())
    if alike < ALIKE:
        return ""
    return (
        f"{alike:.0%} of the first {k} places of the test lists hold the most popular items that a user has not seen: "
        "the model ranks by popularity (model=popularity does the same); train longer, or with another loss or lr."
    )


def first_unseen(order: Tensor, seen: Sequence[Interactions], user: int, k: int) -> Tensor:
    """The first ``k`` items of ``order`` that a user has in no part; filled up with -2.  [k]"""
    known = torch.cat([part.by_user[1][part.by_user[0][user] : part.by_user[0][user + 1]] for part in seen])
    first = order[: k + len(known)]
    left = first[~torch.isin(first, known)][:k]
    return torch.cat([left, left.new_full((k - len(left),), -2)])
