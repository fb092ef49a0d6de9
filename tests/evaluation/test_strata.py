"""Groups of events and their product with groups of items, against loops over users and pairs."""

from __future__ import annotations

import math

import pytest
import torch

from ltgnn.data.field_groups import EventsByField, UsersByField
from ltgnn.types import EventField, Groups, Interactions, UserError
from tests.evaluation.case import Case, evaluator

K = 5
VALUES = ("app", "store", "web")


def with_channel(pairs: Interactions, seed: int) -> Interactions:
    """The pairs in another order, each with a channel."""
    generator = torch.Generator().manual_seed(seed)
    mixed = pairs.select(torch.randperm(len(pairs), generator=generator))
    codes = torch.randint(0, 3, (len(pairs),), generator=generator).int()
    return Interactions(
        mixed.users, mixed.items, mixed.num_users, mixed.num_items, fields={"channel": EventField(codes, VALUES)}
    )


def naive(case: Case, held: Interactions, seen: Interactions, value: str, groups: Groups | None, name: str):
    """recall@5, ndcg@5 and users, one user and one pair at a time."""
    channel = held.fields["channel"]
    known = set(zip(seen.users.tolist(), seen.items.tolist(), strict=True))
    recall, ndcg = [], []
    for user in range(case.num_users):
        wanted = {
            item
            for u, item, code in zip(held.users.tolist(), held.items.tolist(), channel.codes.tolist(), strict=True)
            if u == user
            and channel.values[code] == value
            and (groups is None or groups.names[int(groups.labels[item])] == name)
        }
        if not wanted:
            continue
        free = [item for item in range(case.num_items) if (user, item) not in known]
        listed = sorted(free, key=lambda item: (-float(case.scores[user, item]), item))[:K]
        places = [place for place, item in enumerate(listed) if item in wanted]
        recall.append(len(places) / len(wanted))
        ideal = sum(1 / math.log2(n + 2) for n in range(min(K, len(wanted))))
        ndcg.append(sum(1 / math.log2(place + 2) for place in places) / ideal)
    return recall, ndcg


@pytest.mark.parametrize("seed", range(3))
def test_values_by_scene_equal_a_naive_loop(seed: int) -> None:
    case = Case(seed)
    held, seen = with_channel(case.held_out, seed), with_channel(case.seen, seed + 50)
    judge = evaluator(held, [seen], case.groups, ks=[K], event_groups={"scene": EventsByField("channel", 10)})
    plain = evaluator(case.held_out, [case.seen], case.groups, ks=[K])
    found = judge(lambda users: case.scores[users])
    before = plain(lambda users: case.scores[users])
    for name, value in before.values.items():
        assert found.values[name] == pytest.approx(value), "the values of today do not move"
    compared = 0
    for value in VALUES:
        rows = [("", None, "")] + [(f"toy/{name}/", case.groups["toy"], name) for name in case.groups["toy"].names]
        for prefix, groups, name in rows:
            recall, ndcg = naive(case, held, seen, value, groups, name)
            place = f"scene/{value}/{prefix}"
            assert found.values[f"{place}users"] == len(recall)
            if recall:
                assert found.values[f"{place}recall@{K}"] == pytest.approx(sum(recall) / len(recall))
                assert found.values[f"{place}ndcg@{K}"] == pytest.approx(sum(ndcg) / len(ndcg))
                compared += 1
            else:
                assert f"{place}ndcg@{K}" not in found.values
    assert compared > 6


def test_the_area_under_the_curve_by_scene_is_that_of_its_pairs() -> None:
    case = Case(3)
    held, seen = with_channel(case.held_out, 3), with_channel(case.seen, 4)
    judge = evaluator(held, [seen], case.groups, ks=[K], event_groups={"scene": EventsByField("channel", 10)})
    found = judge(lambda users: case.scores[users]).per_user["scene/web/auc"]
    web = held.select(held.fields["channel"].codes == 2)
    every = set(zip(held.users.tolist(), held.items.tolist(), strict=True))
    known = set(zip(seen.users.tolist(), seen.items.tolist(), strict=True))
    for row, user in enumerate(judge.users.tolist()):
        wanted = [i for u, i in zip(web.users.tolist(), web.items.tolist(), strict=True) if u == user]
        if not wanted:
            assert torch.isnan(found[row])
            continue
        others = [i for i in range(case.num_items) if (user, i) not in known and (user, i) not in every]
        below = [float(case.scores[user, o] < case.scores[user, i]) for i in wanted for o in others]
        assert float(found[row]) == pytest.approx(sum(below) / len(below))


def test_what_is_recorded_and_refused() -> None:
    case = Case(1)
    held, seen = with_channel(case.held_out, 1), with_channel(case.seen, 2)
    by = {"scene": EventsByField("channel", 10)}
    judge = evaluator(held, [seen], case.groups, ks=[K], event_groups=by, user_groups={})
    sizes = judge.group_record["event_groups"]["scene"]["sizes"]
    assert sizes == {name: int((held.fields["channel"].codes == VALUES.index(name)).sum()) for name in sizes}
    assert "user_groups" not in judge.group_record
    assert evaluator(held, [seen], {}, ks=[K], user_groups={}).group_record == {}
    with pytest.raises(UserError, match=r"eval.event_groups.toy: groups of items or users are called toy, too"):
        evaluator(held, [seen], case.groups, ks=[K], event_groups={"toy": EventsByField("channel", 10)})
    with pytest.raises(UserError, match="the data have none"):
        evaluator(case.held_out, [case.seen], case.groups, ks=[K], event_groups=by)


def test_users_can_be_grouped_by_their_own_field() -> None:
    case = Case(2)
    cities = ["x" if user % 2 else "y" for user in range(case.num_users)]
    judge = evaluator(
        case.held_out, [case.seen], case.groups, ks=[K], user_ks=[K],
        user_groups={"city": UsersByField("city", 5)}, user_fields={"city": cities},
    )  # fmt: skip
    found = judge(lambda users: case.scores[users])
    for city in "xy":
        inside = torch.tensor([cities[user] == city for user in judge.users.tolist()])
        own = found.per_user[f"ndcg@{K}"][inside]
        assert found.values[f"city/{city}/ndcg@{K}"] == pytest.approx(float(own.nanmean()))
        assert found.values[f"city/{city}/users"] == int(inside.sum())
