"""The cold-start rule by hand, and that no other file has one of its own."""

from __future__ import annotations

import re
from pathlib import Path

import torch

import ltgnn
from ltgnn.scoring.known_items import has_content, has_interactions, known_first, reach, receives, with_new

PACKAGE = Path(ltgnn.__file__).parent
ROOMS = ("models", "scoring", "inference", "serving", "commands")
RULE = re.compile(r"(?<!user_)counts *(?:>|==|!=) *0|\.any\((?:dim=)?-?1\)")

EXCEPTIONS: dict[str, str] = {
    "scoring/known_items.py": "this is the place",
    "inference/search/retrieval.py": "items without text, which a search cannot find; recommended they can be",
    "models/fusion.py": "fusion=init is whitened on the items that training sees",
    "models/fusion_popularity.py": "a weight, of an item whose id is 0 anyway",
    "models/kinds.py": "which kinds of features a row has",
    "models/layergcn.py": "a node whose first state is 0, as the cosine with it is not defined",
    "scoring/ensemble_weights.py": "users whose held-out items are among the candidates",
}
"""File -> why what looks like the rule is something else."""


def test_an_item_is_known_by_interactions_or_content() -> None:
    trained = has_interactions(torch.tensor([3, 0, 0, 1]))
    content = torch.tensor([[0.0, 0.0], [0.0, -1.0], [0.0, 0.0], [2.0, 0.0]])
    assert trained.tolist() == [True, False, False, True]
    assert has_content(content).tolist() == [False, True, False, True]
    assert known_first(trained, content).tolist() == [True, True, False, True]
    assert known_first(trained, None) is trained


def test_messages_make_known_as_far_as_the_layers_reach() -> None:
    """A chain 0 - 1 - 2 - 3, of which 0 is known."""
    chain = torch.diag(torch.full((3,), 0.5), 1)
    chain = chain + chain.T
    known = torch.tensor([True, False, False, False])
    for steps in range(4):
        found = reach(known, receives(lambda states: chain @ states), steps)
        assert found.tolist() == [node <= steps for node in range(4)]
    assert known.tolist() == [True, False, False, False]


def test_what_is_new_is_not_known() -> None:
    assert with_new(torch.tensor([True, False]), 4).tolist() == [True, False, False, False]


def test_no_other_file_has_the_rule() -> None:
    files = [file for room in ROOMS for file in (PACKAGE / room).rglob("*.py")] + [PACKAGE / "module.py"]
    found = {file.relative_to(PACKAGE).as_posix() for file in files if RULE.search(file.read_text(encoding="utf-8"))}
    assert sorted(found - EXCEPTIONS.keys()) == [], "ltgnn.scoring.known_items has it"
    assert sorted(EXCEPTIONS.keys() - found) == [], "these exceptions are needed no more"
