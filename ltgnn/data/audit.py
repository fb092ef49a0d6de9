"""Leak audit: what a model must not know before it is tested, looked for in split, graph, counts, numbers and texts.

Each check returns a ``Finding`` or None. ``refuse_leaks`` is the cheap form for the start of a training; ``audit``
has all of them, for ``ltgnn data audit``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from ltgnn.data.finding import Finding
from ltgnn.data.text_leaks import fields_of_interactions, item_mentions, twins, user_mentions
from ltgnn.io.pluralize import pluralize
from ltgnn.types import Dataset, Graph, Interactions, Split, UserError

__all__ = ["Finding", "audit", "refuse_leaks"]


COUNTS = "popularity counts not from train"


def refuse_leaks(split: Split, graph: Graph | None, counts: Tensor | None) -> None:
    """Raises ``UserError`` for a pair in two parts, a time that runs backwards, a held-out pair in graph or counts.

    The graph is probed at 64 held-out items only.
    """
    findings = certain_findings(split, graph, counts, probes=64)
    if findings:
        raise UserError("Data leakage detected:\n" + "\n".join(f"  {finding}" for finding in findings))


def audit(
    dataset: Dataset,
    split: Split,
    graph: Graph | None,
    counts: Tensor | None,
    texts: Sequence[str] | None,
    fields: Sequence[str],
    categories: Sequence[str] | None = None,
) -> list[Finding]:
    """All checks; ``texts`` [I] are what the encoder reads, ``fields`` the item fields that they are made of.

    ``categories`` [I]: what is read of each item as categories; items may share them, unlike texts.
    """
    findings = certain_findings(split, graph, counts, probes=None)
    findings += [finding for name in dataset.item_numbers if (finding := popularity_number(dataset, split, name))]
    found = [fields_of_interactions(fields)] if texts is None else [*text_findings(dataset, split, texts, fields)]
    if categories is not None:
        found += [
            user_mentions(split, categories, dataset.user_ids),
            item_mentions(split, categories, dataset.item_ids),
        ]
    return findings + [finding for finding in found if finding]


def part_findings(
    dataset: Dataset,
    split: Split,
    name: str,
    texts: Sequence[str] | None,
    fields: Sequence[str],
    shared: bool,
    vectors: Tensor | None,
) -> list[Finding]:
    """The checks on one kind of features; those of several kinds name theirs, ``name``.

    ``texts`` [I]: what it reads of each item, made of the item ``fields``; ``shared``: many items have the same, so
    that equal ones are no finding. ``vectors`` [I, D]: those that it was given.
    """
    found: list[Finding | None] = []
    if texts is not None and not shared:
        found += text_findings(dataset, split, texts, fields)
    else:
        found.append(fields_of_interactions(fields))
        checks = (user_mentions, dataset.user_ids), (item_mentions, dataset.item_ids)
        found += [check(split, texts, ids) for check, ids in checks if texts is not None]
    if vectors is not None:
        found.append(popularity_vectors(split, vectors))
    where = f"features '{name}': " if name else ""
    return [replace(finding, what=where + finding.what) for finding in found if finding]


def text_findings(dataset: Dataset, split: Split, texts: Sequence[str], fields: Sequence[str]) -> list[Finding]:
    """The checks that read texts, those of the items or what a language model wrote about them."""
    checks = (
        fields_of_interactions(fields),
        user_mentions(split, texts, dataset.user_ids),
        item_mentions(split, texts, dataset.item_ids),
        twins(split, texts, dataset.item_ids),
    )
    return [finding for finding in checks if finding]


def certain_findings(split: Split, graph: Graph | None, counts: Tensor | None, probes: int | None) -> list[Finding]:
    found = [duplicates(split), time_travel(split)]
    if graph is not None:
        found.append(held_out_in_graph(split, graph, probes))
    if counts is not None:
        found.append(held_out_in_counts(split, counts))
    return [finding for finding in found if finding]


def held_out(split: Split) -> Tensor:
    """Keys of all validation and test pairs, sorted, each once.  [pairs]"""
    keys: Tensor = torch.unique(torch.cat([split.val.keys, split.test.keys]))
    return keys


def duplicates(split: Split) -> Finding | None:
    """Pairs that are in more than one part."""
    parts = {"train": split.train, "validation": split.val, "test": split.test}
    keys = torch.cat([torch.unique(part.keys) for part in parts.values()])
    unique, times = torch.unique(keys, return_counts=True)
    twice = unique[times > 1]
    if not twice.numel():
        return None
    user, item = divmod(int(twice[0]), split.train.num_items)
    where = " and ".join(name for name, part in parts.items() if bool((part.keys == twice[0]).any()))
    return Finding("duplicates across parts", twice.numel(), f"e.g. user {user}, item {item} in {where}")


def time_travel(split: Split) -> Finding | None:
    """Under a split ordered by time, pairs that are earlier than a pair of a part before."""
    parts = (split.train, split.val, split.test)
    if not split.ordered:
        return None
    if any(part.times is None for part in parts):
        return Finding("time travel", len(split.test), "the split is ordered by time, but pairs have no times")
    early = 0
    for before, after in ((0, 1), (0, 2), (1, 2)):
        early += _earlier(parts[before], parts[after], split.ordered == "global")
    return Finding("time travel", early, "held-out pairs earlier than a pair of the part before") if early else None


def _earlier(before: Interactions, after: Interactions, over_all: bool) -> int:
    """How many pairs of ``after`` are earlier than the last one of ``before`` (of the same user)."""
    assert before.times is not None
    assert after.times is not None
    if not len(before) or not len(after):
        return 0
    if over_all:
        return int((after.times < before.times.max()).sum())
    last = torch.full((before.num_users,), -torch.inf, dtype=torch.float64)
    last.scatter_reduce_(0, before.users, before.times, "amax")
    return int((after.times < last[after.users]).sum())


def held_out_in_graph(split: Split, graph: Graph, probes: int | None, block: int = 256) -> Finding | None:
    """Held-out pairs that are edges, found by propagating one-hot item states and looking at who receives them.

    Works for any graph that can propagate; ``probes`` limits the check to that many held-out items.
    """
    keys, num_users, num_items = held_out(split), split.train.num_users, split.train.num_items
    keys = keys[~torch.isin(keys, split.train.keys)]  # those are reported as duplicates
    items = torch.unique(keys % num_items)
    if probes is not None and items.numel() > probes:
        items = items[torch.linspace(0, items.numel() - 1, probes).long()]
    leaked = 0
    for some in torch.split(items, block) if items.numel() else ():
        states = torch.zeros(num_users + num_items, some.numel())
        states[num_users + some, torch.arange(some.numel())] = 1
        column = torch.full((num_items,), -1, dtype=torch.int64)
        column[some] = torch.arange(some.numel())
        chosen = keys[column[keys % num_items] >= 0]
        received = graph.propagate(states)[:num_users].cpu()
        leaked += int((received[chosen // num_items, column[chosen % num_items]] != 0).sum())
    if not leaked:
        return None
    return Finding(
        "held-out pairs in the graph",
        leaked,
        f"at {pluralize(items.numel(), 'item')} looked at; build it from train only",
    )


def held_out_in_counts(split: Split, counts: Tensor) -> Finding | None:
    """Popularity counts that are not those of train."""
    different = counts.cpu() != split.train.item_counts
    if not bool(different.any()):
        return None
    item = int(different.nonzero()[0])
    what = f"e.g. item {item}: {int(counts[item])}, in train {int(split.train.item_counts[item])}"
    return Finding(COUNTS, int(different.sum()), what)


def popularity_number(dataset: Dataset, split: Split, name: str) -> Finding | None:
    """A number of the items that counts the interactions of all parts."""
    (equal,) = _counts_of_all(split, dataset.item_numbers[name][:, None]).tolist()
    return Finding(COUNTS, equal, f"the number '{name}' counts held-out pairs too") if equal else None


def popularity_vectors(split: Split, vectors: Tensor) -> Finding | None:
    """A column of given vectors [I, D] that counts the interactions of all parts."""
    equal = _counts_of_all(split, vectors)
    if not bool(equal.any()):
        return None
    column = int(equal.nonzero()[0])
    return Finding(COUNTS, int(equal[column]), f"column {column} of the vectors counts held-out pairs too")


def _counts_of_all(split: Split, columns: Tensor) -> Tensor:
    """Of columns [I, D], how many numbers count held-out pairs too; 0 where it is not nearly all that could.  [D]"""
    everything = sum(part.item_counts for part in (split.train, split.val, split.test))
    assert isinstance(everything, Tensor)
    could = torch.isfinite(columns) & (everything != split.train.item_counts)[:, None]
    equal = ((columns == everything[:, None]) & could).sum(0)
    return torch.where(equal >= 0.9 * could.sum(0), equal, 0)
