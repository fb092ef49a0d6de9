"""The contrastive loss over a square of similarities, for objectives that pair texts."""

import pytest
import torch

from ltgnn.features.tuning.contrast import symmetric_info_nce
from tests.features.tuning.objectives_case import naive_both_ways


def test_both_ways_equals_the_naive_loop() -> None:
    generator = torch.Generator().manual_seed(0)
    similarity = torch.randn(5, 5, generator=generator)
    apart = torch.rand(5, 5, generator=generator) < 0.4
    assert symmetric_info_nce(similarity, apart).item() == pytest.approx(naive_both_ways(similarity, apart), abs=1e-6)
