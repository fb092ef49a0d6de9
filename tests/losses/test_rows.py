"""Scores of shared, dense and gathered negatives are the same."""

from __future__ import annotations

import torch

from ltgnn.losses.rows import rows, scores
from ltgnn.types import Encoded
from tests.losses.case import example


def test_shared_and_dense_negatives_score_like_gathered_ones() -> None:
    """The three roads of ``scores`` give the same numbers and gradients."""
    batch, main = example(negatives=4)
    wide = Encoded(main.users, torch.cat([main.items, torch.randn(60, 4, dtype=torch.float64)]), ())
    shared = batch._replace(neg=batch.neg[:1].expand(7, -1))
    for narrow, encoded in ((batch, main), (batch, wide), (shared, main), (shared, wide)):
        for unit in (False, True):
            users, items = (part.detach().clone().requires_grad_() for part in (encoded.users, encoded.items))
            found = scores(Encoded(users, items, ()), narrow, unit)[1]
            u, _, n = rows(Encoded(users, items, ()), narrow)
            if unit:
                u, n = u / u.norm(dim=-1, keepdim=True), n / n.norm(dim=-1, keepdim=True)
            wanted = torch.einsum("bd,bsd->bs", u, n)
            torch.testing.assert_close(found, wanted)
            gradient = [torch.autograd.grad(s.pow(2).sum(), (users, items)) for s in (found, wanted)]
            torch.testing.assert_close(gradient[0], gradient[1])
