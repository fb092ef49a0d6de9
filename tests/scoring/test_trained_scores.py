"""States as they are ranked: cosines, the scores that a loss adds, and which items are known by either."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from ltgnn.scoring.masked import mask_items
from ltgnn.scoring.score_function import Scoring
from ltgnn.scoring.scorers import ItemBias
from ltgnn.scoring.trained_scores import forget_unknown, rank_states
from ltgnn.testing import toy
from ltgnn.types import Batch, Encoded, Loss, Scorer

BIAS = torch.arange(toy.ITEMS).double()
LISTED = torch.arange(toy.ITEMS) > 3
"""Items that the added scores know."""


class Added(Loss):
    trains_cosines = True

    def __call__(self, batch: Batch, main: Encoded, views: list[Encoded]) -> Tensor:
        return main.users.sum()

    def added_scores(self) -> Sequence[tuple[float, Scorer]]:
        return [(0.5, mask_items(ItemBias(BIAS), LISTED))]


def test_states_of_unknown_items_become_0() -> None:
    states = toy.encoded()
    assert forget_unknown(states) is states
    known = torch.arange(toy.ITEMS) < 5
    found = forget_unknown(states._replace(known=known)).items
    assert torch.equal(found[:5], states.items[:5])
    assert not found[5:].any()


def test_cosine_and_added_scores() -> None:
    """An item that the states do not know has the added score alone; one that neither knows is no candidate."""
    states, everyone = toy.encoded(), torch.arange(toy.USERS)
    known = torch.arange(toy.ITEMS) % 2 == 1
    score = Scoring(1.0, {}, None, None).fit(toy.interactions(), None)
    scorer = rank_states(score, [Added()], states._replace(known=known))
    cosines = F.normalize(states.users) @ F.normalize(states.items).T
    wanted = (cosines * known + 0.5 * BIAS).masked_fill(~(known | LISTED), -torch.inf)
    torch.testing.assert_close(scorer.scores(everyone), wanted)


def test_without_such_a_loss_the_states_are_ranked_as_they_are() -> None:
    states, everyone = toy.encoded(), torch.arange(toy.USERS)
    score = Scoring(1.0, {}, None, None).fit(toy.interactions(), None)
    torch.testing.assert_close(rank_states(score, [], states).scores(everyone), states.users @ states.items.T)
