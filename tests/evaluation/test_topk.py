"""Lists against a naive loop: exact, tie-proof, and the same whatever the block."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ltgnn.evaluation import topk
from ltgnn.scoring.masked import MaskedScorer
from ltgnn.scoring.scorers import InnerProduct, WeightedSum
from ltgnn.types import Interactions, Scorer, TopK, UserError

MIB = 1.0


def table(scores: Tensor) -> Scorer:
    return lambda users: scores[users.cpu()].to(users.device)


def pairs(seen: list[set[int]], num_items: int) -> Interactions:
    users = [u for u, items in enumerate(seen) for _ in items]
    items = [i for row in seen for i in sorted(row)]
    return Interactions(torch.tensor(users).long(), torch.tensor(items).long(), len(seen), num_items)


def naive(scores: Tensor, seen: list[set[int]], k: int) -> list[list[int]]:
    lists = []
    for u, row in enumerate(scores.tolist()):
        candidates = [i for i in range(len(row)) if i not in seen[u] and row[i] != -float("inf")]
        best = sorted(candidates, key=lambda i: (-row[i], i))[:k]
        lists.append(best + [-1] * (k - len(best)))
    return lists


def lists_of(scores: Tensor, seen: list[set[int]], k: int, mib: float = MIB) -> TopK:
    num_items = scores.shape[1]
    return topk.top_k(table(scores), torch.arange(len(seen)), pairs(seen, num_items).by_user, num_items, k, mib)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    num_users=st.integers(1, 20),
    num_items=st.one_of(st.integers(1, 100), st.integers(100, 5_000)),
    k=st.integers(1, 60),
    levels=st.sampled_from([1, 2, 5, 1000]),
    seen_share=st.sampled_from([0.0, 0.3, 1.0]),
)
def test_lists_equal_a_naive_loop_under_ties_and_long_lists(
    seed: int, num_users: int, num_items: int, k: int, levels: int, seen_share: float
) -> None:
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randint(-levels, levels, (num_users, num_items), generator=generator) / 7
    scores[scores == 0] *= torch.randint(0, 2, scores.shape, generator=generator)[scores == 0] * 2 - 1  # 0. and -0.
    scores[torch.rand(scores.shape, generator=generator) < 0.01] = -torch.inf
    mask = torch.rand(scores.shape, generator=generator) < seen_share
    seen = [set(torch.nonzero(row).flatten().tolist()) for row in mask]
    result = lists_of(scores, seen, k)
    assert result.items.tolist() == naive(scores, seen, k)
    expected = scores.gather(1, result.items.clamp(min=0)).masked_fill(result.items < 0, -torch.inf)
    assert torch.equal(result.scores, expected)
    assert result.items.dtype == torch.int64
    assert result.scores.dtype == torch.float32


def test_wide_catalogue_takes_the_levels_of_runs_and_stays_exact() -> None:
    generator = torch.Generator().manual_seed(0)
    scores = torch.randint(0, 30, (3, 20_011), generator=generator).float()  # some 667 items share each score
    seen = [set(range(0, 20_011, step)) for step in (2, 3, 5)]
    assert lists_of(scores, seen, 20).items.tolist() == naive(scores, seen, 20)


@pytest.mark.parametrize("mib", [0.01, 0.1, 1.0, 8.0])
def test_block_size_does_not_change_a_bit_of_a_matrix_product(mib: float) -> None:
    generator = torch.Generator().manual_seed(1)
    users, items = torch.randn(150, 64, generator=generator), torch.randn(3_000, 64, generator=generator)
    nothing = pairs([set()] * 150, 3_000).by_user

    def scorer(block: Tensor) -> Tensor:
        return users[block] @ items.T

    few = topk.top_k(scorer, torch.arange(150), nothing, 3_000, 10, mib)
    many = topk.top_k(scorer, torch.arange(150), nothing, 3_000, 10, 4.0)
    assert torch.equal(few.items, many.items)
    assert torch.equal(few.scores, many.scores)


def test_the_list_of_a_user_does_not_depend_on_who_else_is_asked_for() -> None:
    generator = torch.Generator().manual_seed(2)
    users, items = torch.randn(100, 64, generator=generator), torch.randn(2_000, 64, generator=generator)
    seen = pairs([{u, u + 1} for u in range(100)], 2_000).by_user
    sizes = []

    def scorer(block: Tensor) -> Tensor:
        sizes.append(block.numel())
        return users[block] @ items.T

    everyone = topk.top_k(scorer, torch.arange(100), seen, 2_000, 10, 0.2)
    some = torch.tensor([3, 50, 99])
    alone = topk.top_k(scorer, some, seen, 2_000, 10, 0.2)
    assert torch.equal(alone.items, everyone.items[some])
    assert torch.equal(alone.scores, everyone.scores[some])
    assert set(sizes) == {topk.block_users(2_000, 0.2)}


def test_memory_of_a_view_is_left_alone() -> None:
    popularity = torch.arange(6.0)
    seen = pairs([{5}, {4}], 6).by_user
    result = topk.top_k(lambda users: popularity.expand(users.numel(), -1), torch.arange(2), seen, 6, 2, MIB)
    assert result.items.tolist() == [[4, 3], [5, 3]]
    assert popularity.tolist() == [0, 1, 2, 3, 4, 5]


def test_float64_scores_are_ranked_as_float32() -> None:
    scores = torch.tensor([[1.0, 1.0 + 1e-12, 2.0]], dtype=torch.float64)
    assert lists_of(scores, [set()], 3).items.tolist() == [[2, 0, 1]]


@pytest.mark.parametrize("column", [0, 1_999, 2_010])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_nan_is_refused_wherever_it_stands(column: int, sign: float) -> None:
    scores = torch.rand(2, 2_011)
    scores[1, column] = torch.copysign(torch.tensor(torch.nan), torch.tensor(sign))
    with pytest.raises(UserError, match="diverged"):
        lists_of(scores, [set(), set()], 3)
    assert lists_of(scores, [set(), {column}], 3).items.min() >= 0  # a seen item may be anything


def test_wrong_shape_names_both_shapes() -> None:
    nothing = pairs([set()], 5).by_user
    with pytest.raises(UserError, match=r"\(\d+, 4\), wanted \(\d+, 5\)"):
        topk.top_k(lambda users: torch.zeros(users.numel(), 4), torch.arange(1), nothing, 5, 2, MIB)


def test_no_user_gives_an_empty_table() -> None:
    nothing = pairs([set()], 5).by_user
    result = topk.top_k(table(torch.zeros(1, 5)), torch.empty(0, dtype=torch.int64), nothing, 5, 2, MIB)
    assert result.items.shape == (0, 2)


def test_blocks_are_powers_of_two_within_bounds() -> None:
    assert topk.block_users(40_981, 16) == 64
    assert topk.block_users(10, 16) == topk.MAX_BLOCK
    assert topk.block_users(10**7, 16) == topk.MIN_BLOCK


def test_a_scorer_that_writes_into_memory_gives_the_same_lists() -> None:
    users, table = torch.randn(50, 8), torch.randn(8, 300)
    csr = (torch.arange(51), torch.randint(300, (50,)))
    inner = InnerProduct(users, table)
    known = torch.rand(300) > 0.1
    everyone = torch.arange(50)
    for scorer in (inner, MaskedScorer(inner, known)):
        plain = topk.top_k(lambda u, s=scorer: s(u), everyone, csr, 300, 10, 0.02)
        direct = topk.top_k(scorer, everyone, csr, 300, 10, 0.02)
        assert torch.equal(plain.items, direct.items)
        torch.testing.assert_close(plain.scores, direct.scores)
    out = torch.full((50, 300), torch.nan)
    assert MaskedScorer(inner, known).scores_into(everyone, out) is out
    total = WeightedSum([(1.0, inner), (2.0, inner)])  # cannot write into memory: neither can what masks it
    kept = out.clone()
    assert MaskedScorer(total, known).scores_into(everyone, out) is not out
    assert torch.equal(out, kept)
    assert torch.equal(topk.top_k(MaskedScorer(total, known), everyone, csr, 300, 10, 0.02).items, direct.items)
