"""The case of rules on every one that is shipped (``conf/rules``), and on one of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from ltgnn.inference.rule import Rule, RuleContext
from ltgnn.serving.calibration import Calibration
from ltgnn.serving.rules import MMR, AlreadyBought, Available, Cap, Category, Fresh, Price, TailShare, XQuAD
from ltgnn.testing import toy
from ltgnn.testing.rule import RuleCase


class TestAvailable(RuleCase):
    @pytest.fixture(autouse=True)
    def stock(self, tmp_path: Path) -> None:
        self.file = tmp_path / "stock.txt"
        self.file.write_text("i1\ni3\ni4\ni8\ni9\ni10\n")

    def make(self) -> Rule:
        return Available(str(self.file))


class TestPrice(RuleCase):
    def make(self) -> Rule:
        return Price("price", 0.3, 2.0)


class TestCategory(RuleCase):
    k = 3

    def make(self) -> Rule:
        return Category("category", "|", [], [toy.dataset().item_fields["category"][0]])


class TestFresh(RuleCase):
    k = 3

    def make(self) -> Rule:
        return Fresh(days=40)


class TestAlreadyBought(RuleCase):
    def make(self) -> Rule:
        return AlreadyBought()


class TestCap(RuleCase):
    def make(self) -> Rule:
        return Cap("category", "|", level=-1, most=1)

    k = 3


class TestTailShare(RuleCase):
    def make(self) -> Rule:
        return TailShare(0.6, ["tail", "cold"])


class TestMMR(RuleCase):
    def make(self) -> Rule:
        return MMR(weight=0.5, depth=8)


class TestXQuAD(RuleCase):
    def make(self) -> Rule:
        return XQuAD(weight=0.6, depth=8, tail=["tail", "cold"])


class TestCalibrated(RuleCase):
    def make(self) -> Rule:
        return Calibration(weight=0.7, depth=8, column="category", separators="|", smoothing=0.01)


class Backwards:
    """A rule of one's own: the best candidates, the last of them first."""

    depth = 6

    def order(self, context: RuleContext, items: Tensor, scores: Tensor, user: int, k: int) -> Tensor:
        return torch.arange(len(items)).flip(0)[:k]


class TestOnesOwn(RuleCase):
    def make(self) -> Rule:
        return Backwards()
