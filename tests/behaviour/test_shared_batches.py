"""Mini-batches behind one pass over the graph: the large batch, but for what a mini-batch says of itself."""

from __future__ import annotations

import pytest
import torch
from omegaconf import open_dict

from ltgnn.build import Problem, batches_per_step, build_module
from ltgnn.module import split
from ltgnn.types import Batch, UserError
from tests.axes import PLAIN, Tree


def result(tree: Tree, problem: Problem, number: int, loss: str, sampler: str, rows: slice) -> dict[str, torch.Tensor]:
    """Terms and gradients on some of the first 24 pairs, as ``number`` mini-batches."""
    cfg = tree.config(PLAIN | {"loss": loss, "sampler": sampler})
    with open_dict(cfg):
        cfg.shared_batches = number
    module = build_module(cfg, problem).train()
    assert module.shared == number
    train = problem.split.train
    users, pos = train.users[:24], train.items[:24]
    neg = module.sampler(users, pos, torch.Generator().manual_seed(0))
    terms = module.objective(Batch(users[rows], pos[rows], neg[rows], module.sampler.proposal))
    torch.stack(list(terms.values())).sum().backward()
    return {n: v.detach() for n, v in terms.items()} | {
        n: w.grad for n, w in module.named_parameters() if w.grad is not None
    }


@pytest.mark.parametrize("number", [2, 5])
def test_bpr_is_that_of_the_large_batch(tree: Tree, problem: Problem, number: int) -> None:
    """5 does not divide 24: the last mini-batch is smaller and counts less."""
    one = result(tree, problem, 1, "bpr", "uniform", slice(0, 24))
    some = result(tree, problem, number, "bpr", "uniform", slice(0, 24))
    for name in one:
        torch.testing.assert_close(some[name], one[name], rtol=1e-4, atol=1e-7)


def test_in_batch_negatives_stay_in_their_mini_batch(tree: Tree, problem: Problem) -> None:
    both = result(tree, problem, 2, "softmax", "in_batch", slice(0, 24))
    halves = [result(tree, problem, 1, "softmax", "in_batch", rows) for rows in (slice(0, 12), slice(12, 24))]
    for name in both:
        torch.testing.assert_close(both[name], (halves[0][name] + halves[1][name]) / 2, rtol=1e-4, atol=1e-6)
    assert not torch.allclose(both["ranking"], result(tree, problem, 1, "softmax", "in_batch", slice(0, 24))["ranking"])


def test_split_by_hand_and_a_bad_number(tree: Tree) -> None:
    parts = split(Batch(torch.arange(5), torch.arange(5), torch.arange(5)[:, None]), 2)
    assert [part.users.tolist() for part in parts] == [[0, 1], [2, 3], [4]]
    cfg = tree.config(PLAIN)
    with open_dict(cfg):
        cfg.shared_batches = 0
    with pytest.raises(UserError, match="shared_batches=0"):
        batches_per_step(cfg)
