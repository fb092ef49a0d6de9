"""Rules against naive search over all lists, and their reports."""

from __future__ import annotations

import math
from itertools import combinations, permutations
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import ltgnn
from ltgnn.commands.recommend import main
from ltgnn.inference.rule_engine import RuleRanker, Rules
from ltgnn.serving.rules import MMR, AlreadyBought, Available, Cap, Category, Fresh, Price, TailShare, XQuAD
from ltgnn.types import UserError
from tests.serving.rules_case import listed, model


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_limits_give_the_first_feasible_list(data: st.DataObject) -> None:
    n = data.draw(st.integers(3, 6))
    kinds = data.draw(st.text("xyz", min_size=n, max_size=n))
    labels = data.draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))
    k, most, share = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 3)), data.draw(st.sampled_from([0, 0.5, 1]))
    k = min(k, n)
    scores = data.draw(st.permutations([float(place) for place in range(n)]))
    rules = {"cap": Cap("kind", "|", 0, most), "tail": TailShare(share, ["tail"])}
    least = rules["tail"].least(k)  # type: ignore[union-attr]

    def fits(items: tuple[int, ...]) -> bool:
        names = [kinds[item] for item in items]
        return max(map(names.count, names)) <= most and sum(labels[item] for item in items) >= least

    ranked = sorted(range(n), key=lambda item: -scores[item])
    places = [p for p in permutations(range(n), k) if list(p) == sorted(p) and fits(tuple(ranked[x] for x in p))]
    served = model(kinds, labels)
    if not places:
        with pytest.raises(UserError, match="no list of"):
            listed(served, rules, k, scores)
    else:
        assert listed(served, rules, k, scores) == [ranked[place] for place in min(places)]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_several_caps_and_shares_give_the_first_feasible_list(data: st.DataObject) -> None:
    n = data.draw(st.integers(3, 6))
    kinds, makers = (data.draw(st.text("xyz", min_size=n, max_size=n)) for _ in range(2))
    labels = data.draw(st.lists(st.integers(0, 2), min_size=n, max_size=n))
    k = min(data.draw(st.integers(1, 4)), n)
    most, most_of_a_maker = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3))
    tail, cold = data.draw(st.sampled_from([0, 0.3, 0.5])), data.draw(st.sampled_from([0, 0.3, 0.5]))
    scores = data.draw(st.permutations([float(place) for place in range(n)]))
    shares = {"tail": TailShare(tail, ["tail", "cold"]), "cold": TailShare(cold, ["cold"])}
    caps = {"kind": Cap("kind", "|", 0, most), "maker": Cap("maker", "|", 0, most_of_a_maker)}

    def fits(items: tuple[int, ...]) -> bool:
        return (
            max([kinds[item] for item in items].count(x) for x in kinds) <= most
            and max([makers[item] for item in items].count(x) for x in makers) <= most_of_a_maker
            and sum(labels[item] > 0 for item in items) >= shares["tail"].least(k)
            and sum(labels[item] == 2 for item in items) >= shares["cold"].least(k)
        )

    ranked = sorted(range(n), key=lambda item: -scores[item])
    lists = [chosen for places in combinations(range(n), k) if fits(chosen := tuple(ranked[x] for x in places))]
    served = model(kinds, labels)
    served.catalogue.fields["maker"] = list(makers)  # type: ignore[index]
    if not lists:
        with pytest.raises(UserError, match="no list of"):
            listed(served, caps | shares, k, scores)
    else:
        assert listed(served, caps | shares, k, scores) == list(lists[0])


def test_several_limits_that_the_candidates_cannot_keep() -> None:
    """The longest list within the caps, with as many of each share, in their order, as fit."""
    served, scores = model("xxyyz", [1, 2, 1, 0, 2]), [5.0, 4.0, 3.0, 2.0, 1.0]
    rules = {
        "kind": Cap("kind", "|", 0, 1),
        "tail": TailShare(0.5, ["tail"]),
        "cold": TailShare(0.5, ["cold"]),
        "price": Price("price", 0, 4),
    }
    with pytest.raises(UserError, match="satisfies tail and cold at once"):  # two of three each
        listed(served, rules, 3, scores)
    rules |= {"tail": TailShare(0.3, ["tail"]), "cold": TailShare(0.3, ["cold"])}
    assert listed(served, rules, 3, scores) == [0, 2, 4]
    alone = [5.0, 4.0, -math.inf, 3.0, -math.inf]
    ruled = RuleRanker(Rules(rules), served, 3)
    items = ruled(torch.tensor([0]), torch.tensor([alone]))[0][0]
    assert items.tolist() == [0, 3, -1]
    assert ruled.report()[-1] == ("all rules", 1, "of 1 list cannot satisfy all rules: too few items fit")


def test_a_capped_head_item_leaves_room_for_the_tail_item_of_its_kind() -> None:
    rules = {"cap": Cap("kind", "|", 0, 1), "tail": TailShare(0.5, ["tail"])}
    assert listed(model("xxy", [0, 1, 0]), rules, 2, [3.0, 2.0, 1.0]) == [1, 2]


def test_each_filter(tmp_path: Path) -> None:
    served, scores = model("xxyyz", [0, 0, 1, 1, 1]), [5.0, 4.0, 3.0, 2.0, 1.0]
    (tmp_path / "stock").write_text("i1\ni4\n")
    assert listed(served, {"stock": Available(str(tmp_path / "stock"))}, 2, scores) == [1, 4]
    assert listed(served, {"price": Price("price", 1, 3)}, 3, scores) == [1, 2, 3]
    assert listed(served, {"kind": Category("kind", "|", ["x", "y"], ["x"])}, 2, scores) == [2, 3]
    assert listed(served, {"bought": AlreadyBought()}, 3, scores) == [1, 2, 3]  # 0 is held out, 4 in train
    assert listed(served, {"fresh": Fresh(5)}, 1, scores) == [0]  # item 4 came ten days earlier
    assert served.split.train.times is not None
    served.split.train.times[:] = torch.tensor([3.0, 1.0])
    with pytest.raises(UserError, match="positions in an order"):
        listed(served, {"fresh": Fresh(5)}, 1, scores)


def test_reranking_is_greedy() -> None:
    served, scores = model("xxyyz", [0, 0, 1, 1, 1]), [1.0, 0.9, 0.8, 0.1, 0.0]
    text = torch.nn.functional.normalize(served.features, dim=1)  # type: ignore[arg-type]
    chosen: list[int] = []
    for _ in range(3):
        value = {
            i: 0.5 * scores[i] - 0.5 * max([float(text[i] @ text[j]) for j in chosen], default=0.0)
            for i in range(5) if i not in chosen
        }  # fmt: skip
        chosen.append(max(value, key=lambda i: value[i]))
    assert listed(served, {"mmr": MMR(0.5, 5)}, 3, scores) == chosen
    # user 0 has tail items alone: the first tail item is worth .5, nothing after it
    assert listed(served, {"xquad": XQuAD(0.5, 5, ["tail"])}, 3, scores) == [2, 0, 1]


def test_reports_count_one_item_as_one() -> None:
    served = model("xxyyz", [0, 0, 1, 1, 1])
    ruled = RuleRanker(Rules({"price": Price("price", 1, None), "tail": TailShare(0.5, ["tail"])}), served, 2)
    ruled(torch.tensor([0]), torch.tensor([[5.0, 4.0, 3.0, 2.0, 1.0]]))
    assert ruled.report() == [
        ("price", 1, "item removed from the lists without rules"),
        ("tail", 0, "places changed"),
        ("all rules", 1, "of 1 list satisfies all rules"),
    ]


def test_clashing_rules_are_named() -> None:
    served = model("xxyyz", [0, 0, 1, 1, 1])
    rules = {"kind": Category("kind", "|", ["x"], []), "tail": TailShare(0.5, ["tail"]), "bought": AlreadyBought()}
    with pytest.raises(UserError, match="satisfies kind and tail at once"):
        RuleRanker(Rules(rules), served, 2)
    with pytest.raises(UserError, match=r"satisfies price \(it leaves too few"):
        RuleRanker(Rules({"price": Price("price", 9, 3), "tail": TailShare(0.5, ["tail"])}), served, 2)


def test_the_command_line_reports_rules(runs: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([f"run={runs['gnn']}", "users=u1", "k=5", "rules=tail", "rules.tail.share=0.6"]) == 0
    shown = capsys.readouterr().out
    assert "rule bought: " in shown
    assert "rule tail: " in shown
    assert shown.count(" tail ") + shown.count(" cold ") >= 3
    served = ltgnn.load(runs["gnn"])
    frame = served.recommend(k=5, rules=Rules({"tail": TailShare(0.6, ["tail", "cold"])}))
    assert all(sum(g != "head" for g in group) >= 3 for group in frame.group_by("user").agg("group")["group"])
    with pytest.raises(UserError, match="Did you mean 'rules=tail'"):
        main([f"run={runs['gnn']}", "rules=tails"])
