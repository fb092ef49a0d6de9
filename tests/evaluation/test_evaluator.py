"""The evaluator against a naive loop over users, groups and list lengths, and its invariances."""

from __future__ import annotations

from math import log2
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from ltgnn.data.groups import ItemShare
from ltgnn.types import Groups, Interactions, UserError
from tests.evaluation.case import NAMES, Case, evaluator

ACCURACY = ("recall", "ndcg", "precision", "f1", "hr", "mrr", "map")


def naive(case: Case, k: int) -> dict[str, list[float]]:
    """Every metric of every stratum by plain loops; nan where a user has no such item."""
    seen = [set(case.seen.items[case.seen.users == u].tolist()) for u in range(case.num_users)]
    wanted = [set(case.held_out.items[case.held_out.users == u].tolist()) for u in range(case.num_users)]
    labels = case.groups["toy"].labels.tolist()
    strata = {"": set(range(case.num_items))}
    strata |= {f"toy/{n}/": {i for i in range(case.num_items) if labels[i] == g} for g, n in enumerate(NAMES)}
    result: dict[str, list[float]] = {}
    for prefix, members in strata.items():
        for u in range(case.num_users):
            if not wanted[u]:
                continue
            row = case.scores[u].tolist()
            ranked = sorted((i for i in range(case.num_items) if i not in seen[u]), key=lambda i: (-row[i], i))[:k]
            gt = wanted[u] & members
            places = [p for p, i in enumerate(ranked, 1) if i in gt]
            h = len(places)
            numbers = dict.fromkeys(ACCURACY, float("nan"))
            if gt:
                p, r = h / k, h / len(gt)
                ideal = sum(1 / log2(q + 1) for q in range(1, min(len(gt), k) + 1))
                numbers = {
                    "recall": r,
                    "precision": p,
                    "f1": 2 * p * r / (p + r) if h else 0.0,
                    "hr": float(h > 0),
                    "mrr": 1 / places[0] if h else 0.0,
                    "map": sum(h / q for h, q in enumerate(places, 1)) / len(gt),
                    "ndcg": sum(1 / log2(q + 1) for q in places) / ideal,
                }
            for name, value in numbers.items():
                result.setdefault(f"{prefix}{name}@{k}", []).append(value)
    return result


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31), ks=st.lists(st.integers(1, 30), min_size=1, max_size=3, unique=True))
def test_every_number_equals_a_naive_loop(seed: int, ks: list[int]) -> None:
    case = Case(seed)
    result = case.evaluate(ks=ks)
    for k in ks:
        for name, expected in naive(case, k).items():
            column = torch.tensor(expected, dtype=torch.float64)
            if torch.isnan(column).all():
                assert name not in result.values
                assert name not in result.per_user
                continue
            torch.testing.assert_close(result.per_user[name], column, rtol=0, atol=1e-12, equal_nan=True)
            assert result.values[name] == pytest.approx(float(column.nanmean()), abs=1e-12)
    assert result.values["users"] == torch.unique(case.held_out.users).numel()
    tail = case.held_out.items[case.groups["toy"].labels[case.held_out.items] == 2]
    owners = case.held_out.users[torch.isin(case.held_out.items, tail)]
    assert result.values["toy/tail/users"] == torch.unique(owners).numel()
    assert result.values["toy/cold/users"] == 0


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_hits_of_the_groups_add_up_to_the_recall_of_all(seed: int) -> None:
    case = Case(seed)
    result = case.evaluate(ks=[5])
    users, labels = case.held_out.users, case.groups["toy"].labels[case.held_out.items]
    owned = torch.unique(users)
    total = torch.zeros(owned.numel(), dtype=torch.float64)
    for g, name in enumerate(NAMES):
        share = torch.bincount(users[labels == g], minlength=case.num_users)[owned] / case.held_out.user_counts[owned]
        if f"toy/{name}/recall@5" in result.per_user:
            total += torch.nan_to_num(result.per_user[f"toy/{name}/recall@5"]) * share
    torch.testing.assert_close(total, result.per_user["recall@5"], rtol=0, atol=1e-6)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_names_of_items_and_users_change_nothing(seed: int) -> None:
    case, other = Case(seed), Case(seed)
    generator = torch.Generator().manual_seed(seed + 1)
    new_item, new_user = torch.randperm(23, generator=generator), torch.randperm(9, generator=generator)
    other.scores = torch.empty_like(case.scores)
    other.scores[new_user[:, None], new_item] = case.scores
    labels = torch.empty_like(case.groups["toy"].labels)
    labels[new_item] = case.groups["toy"].labels
    other.groups = {"toy": Groups("toy", NAMES, labels, "")}
    other.features = torch.empty_like(case.features)
    other.features[new_item] = case.features
    other.fields = {"genres": [case.fields["genres"][i] for i in torch.argsort(new_item).tolist()]}
    for part in ("seen", "held_out"):
        old: Interactions = getattr(case, part)
        order = torch.randperm(len(old), generator=generator)  # nor does the order of the pairs
        setattr(other, part, Interactions(new_user[old.users][order], new_item[old.items][order], 9, 23))
    before, after = (c.evaluate(ks=[3, 7], user_groups={}) for c in (case, other))  # equally active users rank by id
    assert before.values == pytest.approx(after.values, abs=1e-6)  # text features are float32
    place = torch.searchsorted(after.lists.users, new_user[before.lists.users])
    for name, column in before.per_user.items():
        close = 1e-6 if "ild_features" in name else 1e-12  # sums over pairs and features run in another order
        torch.testing.assert_close(after.per_user[name][place], column, rtol=0, atol=close, equal_nan=True)


def test_memory_of_a_block_changes_nothing() -> None:
    case = Case(3, num_users=60, num_items=500)
    small, large = case.evaluate(ks=[10], block_mib=0.01), case.evaluate(ks=[10], block_mib=8)
    assert small.values == large.values
    assert torch.equal(small.lists.items, large.lists.items)


def test_a_sample_of_users_has_the_values_of_these_users() -> None:
    case = Case(3, num_users=60, num_items=50)
    everybody, sample = case.evaluate(), case.evaluate(most_users=20)
    assert sample.values["users"] == 20
    assert sample.lists.users.tolist() == case.evaluate(most_users=20).lists.users.tolist()
    rows = torch.isin(everybody.lists.users, sample.lists.users)
    assert torch.equal(everybody.lists.items[rows], sample.lists.items)
    recall = everybody.per_user["recall@20"][rows].nanmean()
    assert sample.values["recall@20"] == pytest.approx(float(recall))
    assert case.evaluate(most_users=60).values == everybody.values


@pytest.mark.parametrize("device", ["cpu", *(["cuda"] if torch.cuda.is_available() else [])])
def test_the_device_changes_nothing(device: str) -> None:
    case = Case(4, num_users=60, num_items=500)
    case.scores = (case.scores * 50).floor()  # ties everywhere
    judge = evaluator(case.held_out, [case.seen], case.groups, case.features, case.fields, ks=[10])
    table = case.scores.to(device)
    there, here = judge(lambda users: table[users], device=device), case.evaluate(ks=[10])
    assert there.values == here.values
    assert torch.equal(there.lists.items, here.lists.items)


def test_lists_longer_than_the_catalogue_and_users_without_candidates() -> None:
    everything = Interactions(torch.tensor([1, 1]), torch.tensor([0, 2]), 2, 3)  # with the held-out pair: all she has
    held_out = Interactions(torch.tensor([0, 1]), torch.tensor([2, 1]), 2, 3)
    result = evaluator(held_out, [everything], {}, ks=[5])(lambda users: -torch.ones(len(users), 3))
    assert result.lists.items.tolist() == [[0, 1, 2, -1, -1], [1, -1, -1, -1, -1]]
    assert result.per_user["precision@5"].tolist() == [1 / 5, 1 / 5]
    assert result.per_user["mrr@5"].tolist() == [1 / 3, 1]
    assert result.values["coverage@5"] == 1


def test_coverage_counts_the_items_of_all_lists() -> None:
    held_out = Interactions(torch.arange(2), torch.tensor([0, 1]), 2, 8)
    scores = torch.tensor([[9.0, 8, 7, 0, 0, 0, 0, 0], [0, 9, 8, 7, 0, 0, 0, 0]])
    result = evaluator(held_out, [], {}, ks=[1, 3])(lambda users: scores[users])
    assert result.values["coverage@1"] == 2 / 8
    assert result.values["coverage@3"] == 4 / 8


def test_errors_say_what_to_do() -> None:
    none, one = (Interactions(torch.arange(n), torch.arange(n), 2, 3) for n in (0, 1))
    with pytest.raises(UserError, match="no held-out pair"):
        evaluator(none, [], {})
    with pytest.raises(UserError, match="overlap"):
        evaluator(one, [one], {})
    with pytest.raises(UserError, match=r"eval.ks=\[0\]"):
        evaluator(one, [], {}, ks=[0])


def test_user_groups_and_their_product_with_item_groups() -> None:
    case = Case(5)
    result = case.evaluate(ks=[5, 10], user_ks=[10])
    groups = ItemShare("activity", ["active", "middle", "casual"], [0.2, 0.3, 0.5], "users")(case.seen.user_counts)
    label = groups.labels[result.lists.users]
    for number, name in enumerate(groups.names):
        inside = label == number
        assert result.values[f"activity/{name}/users"] == inside.sum()
        for value in ("ndcg@10", "toy/tail/recall@10", "auc", "toy/head/auc", "arp@10", "toy/aplt@10"):
            own = result.per_user[value][inside]
            assert result.values.get(f"activity/{name}/{value}", torch.nan) == pytest.approx(
                float(own.nanmean()), nan_ok=True
            )
        assert f"activity/{name}/ndcg@5" not in result.values
        column = torch.where(inside, result.per_user["ndcg@10"], torch.nan)
        if inside.any():
            torch.testing.assert_close(result.per_user[f"activity/{name}/ndcg@10"], column, equal_nan=True)
        assert f"activity/{name}/toy/tail/recall@10" not in result.per_user


def test_a_monitor_gets_what_it_needs_and_no_more() -> None:
    case = Case(6)
    mixtures = {"mix": {"ndcg@5": 0.25, "toy/tail/recall@5": 0.75}, "wide": {"ndcg@5": 1.0, "gini@5": -0.1}}
    judge = evaluator(case.held_out, [case.seen], case.groups, ks=[5], mixtures=mixtures)

    def scorer(users: Tensor) -> Tensor:
        return case.scores[users]

    everything = judge(scorer).values
    assert everything["mix"] == 0.25 * everything["ndcg@5"] + 0.75 * everything["toy/tail/recall@5"]
    assert everything["wide"] == everything["ndcg@5"] - 0.1 * everything["gini@5"]
    for monitor in ("toy/tail/ndcg@5", "mix"):
        quick = judge(scorer, monitor=monitor).values
        assert quick[monitor] == everything[monitor]
        assert "gini@5" not in quick
        assert "auc" not in quick
    for monitor in ("gini@5", "wide", "auc", "toy/aplt@5", "activity/casual/auc"):
        assert judge(scorer, monitor=monitor).values == everything


def test_an_unknown_monitor_and_a_mixture_of_unknown_values_get_help() -> None:
    case = Case(6)
    judge = evaluator(case.held_out, [case.seen], case.groups, ks=[5], mixtures={"mix": {"toy/tali/ndcg@5": 1.0}})
    with pytest.raises(UserError, match=r"monitor: unknown value 'nDCG@5'. Did you mean: .*ndcg@5"):
        judge(lambda users: case.scores[users], monitor="nDCG@5")
    with pytest.raises(
        UserError, match=r"eval.mixtures.mix: unknown value 'toy/tali/ndcg@5'. Did you mean.*toy/tail/ndcg@5"
    ):
        judge(lambda users: case.scores[users], monitor="mix")
    assert "mix" not in judge(lambda users: case.scores[users]).values


def test_the_evaluator_does_not_change_the_random_state() -> None:
    case, before = Case(7), torch.get_rng_state()
    case.evaluate()
    assert torch.equal(torch.get_rng_state(), before)


def test_text_and_categories_reach_the_metrics() -> None:
    case = Case(9)
    bare = evaluator(case.held_out, [case.seen], case.groups, ks=[5])(lambda users: case.scores[users])
    full = case.evaluate(ks=[5])
    assert {"ild_features@5", "ild_category@5", "miscalibration@5"} <= set(full.values)
    assert not {"ild_features@5", "ild_category@5", "miscalibration@5"} & set(bare.values)


class Largest(TorchDispatchMode):
    """Notes the bytes of the largest tensor that torch makes."""

    size = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        sizes = [t.untyped_storage().nbytes() for t in tree_leaves(made) if isinstance(t, Tensor)]
        self.size = max([self.size, *sizes])
        return made


@pytest.mark.parametrize("num_users", [300, 1200])
def test_nothing_as_large_as_users_times_items_is_ever_made(num_users: int) -> None:
    """A block of scores stays the largest tensor, whatever the number of users."""
    generator = torch.Generator().manual_seed(0)
    num_items, block_mib = 4_000, 0.25
    users, items = (torch.randn(n, 4, generator=generator) for n in (num_users, num_items))
    pairs = torch.randint(num_items, (num_users, 2), generator=generator)
    pairs[:, 1] = (pairs[:, 0] + 1) % num_items
    train, held_out = (Interactions(torch.arange(num_users), column, num_users, num_items) for column in pairs.T)
    labels = (torch.arange(num_items) % 3).to(torch.int8)
    judge = evaluator(
        held_out, [train], {"toy": Groups("toy", ("head", "tail", "cold"), labels, "")},
        torch.randn(num_items, 3, generator=generator), {"genres": ["A|B"] * num_items}, ks=[10], block_mib=block_mib,
    )  # fmt: skip
    with Largest() as largest:
        values = judge(lambda block: users[block] @ items.T).values
    assert {"auc", "ild_features@10", "miscalibration@10"} <= set(values)
    assert largest.size <= block_mib * 2**20 < num_users * num_items * 4 / 16
