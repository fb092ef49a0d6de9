"""Business rules on lists, applied after scoring, each reported."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch

import ltgnn
from ltgnn.commands import models
from ltgnn.commands.recommend import main
from ltgnn.config.composing import compose_rules
from ltgnn.config.paths import conf_dir
from ltgnn.inference.rule_engine import RuleRanker, Rules
from ltgnn.serving.rules import MMR, AlreadyBought, TailShare
from ltgnn.types import UserError
from tests.inference.rule_case import Odd
from tests.serving.rules_case import model


class Misspelt:
    def alowed(self, served: Any) -> torch.Tensor:
        return torch.ones(served.num_items, dtype=torch.bool)


class Half:
    def order(self, served: Any, items: Any, scores: Any, user: int, k: int) -> Any:
        return items


class WithoutMethod:
    allowed = 3


class Backwards(Half):
    depth = 0


class Wrong:
    def __init__(self, table: Any) -> None:
        self.table = table

    def allowed(self, served: Any) -> Any:
        return self.table


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (Misspelt(), "mine (Misspelt) is not a rule .* (it has 'alowed': is 'allowed' meant?)"),
        (object(), "mine (object) is not a rule"),
        ({"weight": 0.5}, "mine (dict) is not a rule"),
        ("tail", "mine (str) is not a rule"),
        (Odd, "mine (the class Odd, not an object) is not a rule"),
        (Half(), "mine (Half) has order, but not depth"),
        (Backwards(), "mine (Backwards) has depth=0; expected a whole number of at least 1"),
        (WithoutMethod(), "mine (WithoutMethod) has allowed=3; a method wanted"),
        (MMR(0.5, "x"), "mine (MMR) has depth='x'"),  # type: ignore[arg-type]
    ],
)
def test_what_is_none_is_refused_by_name(rule: object, words: str) -> None:
    with pytest.raises(UserError) as caught:
        Rules({"mine": rule})
    for part in words.split(" .* "):
        assert part in str(caught.value)


def test_what_a_rule_says_is_checked() -> None:
    for table in (torch.ones(4, dtype=torch.bool), torch.ones(5), torch.ones(5, dtype=torch.int64), [True] * 5, None):
        with pytest.raises(UserError, match=r"rules: mine\.allowed gives .*; true or false .* of the 5 items wanted"):
            RuleRanker(Rules({"mine": Wrong(table)}), model("xxyyz", [0, 0, 1, 1, 1]), 2)
    with pytest.raises(UserError, match="unknown group 'rare' of the policy two, which has head, tail, cold"):
        RuleRanker(Rules({"tail": TailShare(0.5, ["rare"])}), model("xxyyz", [0, 0, 1, 1, 1]), 2)
    with pytest.raises(UserError, match="a dict wanted"):
        Rules([Odd()])  # type: ignore[arg-type]


def test_a_share_is_replaced_under_its_name() -> None:
    rules = Rules({"bought": AlreadyBought(), "rare": TailShare(0.2, ["tail"])})
    changed = rules.with_share(TailShare(0.6, ["tail"])).rules
    assert list(changed) == ["bought", "rare"]
    assert changed["rare"].least(10) == 6  # type: ignore[attr-defined]
    assert list(rules.with_share(None).rules) == ["bought"]
    assert list(Rules({}).with_share(TailShare(0.6, ["tail"])).rules) == ["tail"]


def test_every_option_of_the_tree_is_listed_by_help_and_by_models(capsys: pytest.CaptureFixture[str]) -> None:
    known = {file.stem for file in (conf_dir() / "rules").glob("*.yaml")}
    assert main(["--help"]) == 0
    (line,) = re.findall(r"rules=OPTION +(.*)\n +\(see `ltgnn models rules`\)", capsys.readouterr().out)
    assert set(line.split(", ")) == known
    assert {entry.option for entry in models.options("rules")} == known
    for option in known - {"shop"}:  # shop needs a file of its own
        Rules(compose_rules([f"rules={option}"]))


def test_lists_are_asked_for_by_ids_and_rules(runs: dict[str, Path]) -> None:
    served = ltgnn.load(runs["gnn"])
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"users": "U1"}, r"users='U1' given, a list of ids wanted: \['U1'\]"),
        ({"users": b"U1"}, "a list of ids wanted"),
        ({"users": [1, 2]}, "users: 1 given, ids as text wanted: '1'"),
        ({"rules": {"tail": TailShare(0.5, ["tail"])}}, r"ltgnn\.inference\.rule_engine\.Rules\(\{\.\.\.\}\) or None"),
        ({"rules": TailShare(0.5, ["tail"])}, r"ltgnn\.inference\.rule_engine\.Rules\(\{\.\.\.\}\) or None"),
        ({"rules": "tail"}, "rules='tail' given"),
        ({"rules": RuleRanker(Rules({}), served, 3)}, "k=10 given with rules that were made for lists of 3"),
        ({"k": 2.5}, "k=2.5 given"),
        ({"k": True}, "k=True given"),
        ({"k": 0}, "k=0 given"),
    ]
    for options, words in wrong:
        with pytest.raises(UserError, match=words):
            served.recommend(**{"users": ["u1"], **options})
    assert served.recommend(["u1"], 2).height == 2
