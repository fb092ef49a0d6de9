"""An index over vectors against the exact search."""

from __future__ import annotations

import pytest
import torch

from ltgnn.inference.search.index import usearch


def test_the_nearest_are_found() -> None:
    pytest.importorskip("usearch")
    unit = torch.nn.functional.normalize(torch.randn(200, 8, generator=torch.Generator().manual_seed(0)), dim=1)
    rows, cosines = usearch(unit)(unit[:20], 5)
    wanted = (unit[:20] @ unit.T).topk(5)
    hits = [len(set(a) & set(b)) for a, b in zip(rows.tolist(), wanted.indices.tolist(), strict=True)]
    assert sum(hits) >= 95
    assert torch.equal(rows[:, 0], torch.arange(20))
    torch.testing.assert_close(cosines[:, 0], torch.ones(20), atol=1e-5, rtol=0)
