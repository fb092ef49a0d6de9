"""Groups: partitions by train counts; hand values and laws."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ltgnn.data.groups import CountBelow, ItemShare, MassShare
from ltgnn.types import UserError

ITEMS20 = ItemShare("items20", ["head", "tail"], [0.2, 0.8], "items")
MASS = MassShare("mass", ["head", "mid", "tail"], [0.5, 0.3, 0.2], "train interactions")
MASS80 = MassShare("mass80", ["head", "tail"], [0.8, 0.2], "train interactions")
SIMGCL = ItemShare("items80_15_5", ["head", "mid", "tail"], [0.05, 0.15, 0.8], "items")
COUNT5 = CountBelow("count5", ["head", "tail"], [5])
DECILES = ItemShare("deciles", [f"d{n}" for n in range(1, 11)], [0.1] * 10, "items")
POLICIES = [ITEMS20, MASS, MASS80, SIMGCL, COUNT5, DECILES]


def named(policy, counts):
    groups = policy(torch.tensor(counts))
    return [groups.names[label] for label in groups.labels.tolist()]


def test_items20_by_hand():
    # 7 items: ceil(1.4) = 2 in the head; of the two with count 5 the smaller id goes first
    assert named(ITEMS20, [1, 5, 9, 5, 0, 2, 3]) == ["tail", "head", "head", "tail", "cold", "tail", "tail"]


def test_mass_by_hand():
    # 20 interactions: the head ends with the item that reaches 10, the middle with the one that reaches 16
    assert named(MASS, [1, 6, 4, 3, 3, 2, 1, 0]) == ["tail", "head", "head", "mid", "mid", "tail", "tail", "cold"]
    assert named(MASS80, [1, 6, 4, 3, 3, 2, 1, 0]) == ["tail", "head", "head", "head", "head", "tail", "tail", "cold"]


def test_mass_reached_within_an_item():
    # 10 interactions: item 0 has 4, item 1 passes 5 with 3: it is the last of the head
    assert named(MASS, [4, 3, 2, 1]) == ["head", "head", "mid", "tail"]


def test_count_and_shares_by_hand():
    assert named(COUNT5, [5, 4, 1, 0]) == ["head", "tail", "tail", "cold"]
    several = CountBelow("strata", ["head", "mid", "tail"], [10, 3])
    assert named(several, [10, 9, 3, 2]) == ["head", "mid", "mid", "tail"]
    assert SIMGCL(torch.arange(100, 0, -1)).sizes == {"head": 5, "mid": 15, "tail": 80, "cold": 0}
    assert set(DECILES(torch.arange(100, 0, -1)).sizes.values()) == {10, 0}


COUNTS = st.lists(st.integers(0, 30), min_size=1, max_size=60)


@given(COUNTS, st.sampled_from(POLICIES))
def test_partition_from_popular_to_rare(counts, policy):
    groups = policy(torch.tensor(counts))
    assert groups.labels.dtype == torch.int8
    assert sum(groups.sizes.values()) == len(counts)
    cold = len(groups.names) - 1
    assert [label == cold for label in groups.labels.tolist()] == [count == 0 for count in counts]
    for label, count in zip(groups.labels.tolist(), counts, strict=True):
        for other, fewer in zip(groups.labels.tolist(), counts, strict=True):
            if count > fewer:
                assert label <= other
    # the groups' shares of the interactions sum to the whole
    shares = [
        sum(c for c, label in zip(counts, groups.labels.tolist(), strict=True) if label == g) for g in range(cold + 1)
    ]
    assert sum(shares) == sum(counts)


@given(COUNTS)
def test_mass_is_the_shortest_prefix(counts):
    """Against a loop that adds items until the share is reached."""
    ranked = sorted(range(len(counts)), key=lambda item: (-counts[item], item))
    total, running, expected, group = sum(counts), 0, {}, 0
    bounds = [0.5 * total, 0.8 * total]
    for item in ranked:
        while group < 2 and running >= bounds[group] - 1e-6:
            group += 1
        expected[item] = "cold" if counts[item] == 0 else ["head", "mid", "tail"][group]
        running += counts[item]
    assert named(MASS, counts) == [expected[item] for item in range(len(counts))]


@given(COUNTS)
def test_head_of_items20_has_its_size(counts):
    groups = ITEMS20(torch.tensor(counts))
    size = math.ceil(round(0.2 * len(counts), 6))
    warm = sum(count > 0 for count in counts)
    assert groups.sizes["head"] == min(size, warm)


def test_rule_states_the_policy():
    groups = MASS(torch.tensor([3, 2, 1]))
    assert groups.policy == "mass"
    assert "train interactions: head 50 %, mid 30 %, tail 20 %" in groups.rule
    assert "cold: no train interaction" in groups.rule


@pytest.mark.parametrize(
    ("names", "shares"), [(["head"], [0.5]), (["a", "b"], [0.5]), (["a", "b"], [1.2, -0.2]), ([], [])]
)
def test_wrong_shares(names, shares):
    with pytest.raises(UserError, match=r"groups\.x"):
        ItemShare("x", names, shares, "items")


@pytest.mark.parametrize("below", [[3, 10], [0], [5, 5]])
def test_wrong_thresholds(below):
    with pytest.raises(UserError, match=r"groups\.x"):
        CountBelow("x", ["a"] * (len(below) + 1), below)
