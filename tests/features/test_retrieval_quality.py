"""Ranking by text alone against a loop."""

import torch
from torch.nn import functional as F

from ltgnn.features.retrieval_quality import by_text
from ltgnn.types import Interactions


def test_scores_are_the_sums_of_cosines_to_the_train_items() -> None:
    train = Interactions(torch.tensor([0, 0, 2]), torch.tensor([1, 3, 0]), 3, 4)
    values = torch.randn(4, 5, generator=torch.Generator().manual_seed(0))
    scores = by_text(train, values)(torch.tensor([2, 0, 1]))
    cosine = F.cosine_similarity(values[:, None], values[None], dim=2)
    torch.testing.assert_close(scores, torch.stack([cosine[0], cosine[1] + cosine[3], torch.zeros(4)]))
