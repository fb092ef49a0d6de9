"""What is a rule and what is not: each of the five protocols, and what is refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ltgnn.commands.recommend import main
from ltgnn.config.composing import compose_rules
from ltgnn.serving.rules import MMR, Cap, Fresh, Price, TailShare, XQuAD
from ltgnn.types import UserError
from tests.inference.rule_case import Odd
from tests.serving.rules_case import listed, model


def test_a_rule_of_one_s_own() -> None:
    assert listed(model("xxyyz", [0, 0, 1, 1, 1]), {"odd": Odd()}, 2, [5.0, 4.0, 3.0, 2.0, 1.0]) == [1, 3]


def test_values_of_rules_are_checked() -> None:
    wrong: list[Any] = [float("nan"), "abc", True, None, 7]
    for value in wrong:
        for make in (lambda v: TailShare(v, ["tail"]), lambda v: MMR(v, 5), lambda v: XQuAD(v, 5, ["tail"])):
            with pytest.raises(UserError, match=r"rules: a .* number from 0 to 1 wanted"):
                make(value)
    with pytest.raises(UserError, match="least price of x"):
        Price("price", "x", None)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="number of days of -1"):
        Fresh(-1)
    for most in (0, 1.5, "3", True):
        with pytest.raises(UserError, match=f"a cap of {most} given"):
            Cap("kind", "|", 0, most)  # type: ignore[arg-type]


def test_the_command_line_refuses_what_is_no_rule(runs: dict[str, Path]) -> None:
    with pytest.raises(UserError, match=r"rules: mine \(dict\) is not a rule"):
        main([f"run={runs['gnn']}", "+rules.mine.weight=1"])
    with pytest.raises(UserError, match=r"rules\.tail\.share=abc given, a number from 0 to 1 wanted"):
        main([f"run={runs['gnn']}", "rules=tail", "rules.tail.share=abc"])
    with pytest.raises(UserError, match=r"mine \(Random\) is not a rule"):
        main([f"run={runs['gnn']}", "+rules.mine._target_=random.Random"])
    assert list(compose_rules(["rules=tail"])) == ["bought", "tail"]
