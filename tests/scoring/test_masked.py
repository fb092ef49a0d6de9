"""Scorers that cover only some items: the others are masked, never a silent 0."""

from __future__ import annotations

import torch

from ltgnn.scoring.masked import any_candidates, mask_items
from tests.scoring.scorers_case import EVERYONE, KNOWN, TABLES


def test_a_mask_hides_and_can_be_taken_off() -> None:
    scorer = mask_items(TABLES[0], KNOWN)
    assert scorer.unmasked() is TABLES[0]
    assert scorer.candidates is not None
    assert scorer.candidates.tolist() == KNOWN.tolist()
    assert (scorer(EVERYONE) == -torch.inf).all(0).tolist() == (~KNOWN).tolist()
    assert scorer.factors is TABLES[0].factors or torch.equal(scorer.factors[1], TABLES[0].factors[1])  # type: ignore[index]
    assert mask_items(TABLES[0], None) is TABLES[0] is mask_items(TABLES[0], torch.ones(9, dtype=torch.bool))


def test_what_one_of_several_knows() -> None:
    other = torch.arange(9) < 2
    union = any_candidates([KNOWN & ~other, other])
    assert union is not None
    assert union.tolist() == KNOWN.tolist()
    assert any_candidates([KNOWN, None]) is None
    assert any_candidates([]) is None
