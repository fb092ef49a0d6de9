"""Lists through bfloat16 against exact arithmetic: whole numbers too long for bfloat16, short enough for float32."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ltgnn.evaluation import topk
from ltgnn.evaluation.bfloat16_topk import GROUP, Bfloat16TopK
from ltgnn.scoring.masked import MaskedScorer, mask_items
from ltgnn.scoring.scorers import InnerProduct, WeightedSum
from ltgnn.types import Interactions, UserError
from tests.evaluation.test_topk import naive, pairs

DIM, SIZE = 8, 32


def whole_numbers(kind: str, rows: int, generator: torch.Generator) -> Tensor:
    """Vectors of whole numbers below 1,024: their products in float32 are exact, in any order of adding."""
    numbers = torch.randint(-1023, 1024, (rows, DIM), generator=generator)
    if kind == "alike":  # apart by less than bfloat16 can tell
        numbers = numbers[:1].abs() + torch.randint(-1, 2, (rows, DIM), generator=generator)
        numbers.clamp_(-1023, 1023)
    elif kind == "equal":
        numbers = numbers[torch.randint(min(rows, 5), (rows,), generator=generator)]
    elif kind == "uneven":  # a few are much longer than the others
        numbers[torch.rand(rows, generator=generator) < 0.95] //= 200
    elif kind == "zero":
        numbers[torch.rand(rows, generator=generator) < 0.5] = 0
    elif kind == "negative":
        numbers = -numbers.abs()
    elif kind == "positive":
        numbers = numbers.abs()
    return numbers.float()


KINDS = ["any", "alike", "equal", "uneven", "zero", "negative", "positive"]


top_k = partial(topk.top_k, rough=True)
"""Also on a processor, and for tables, that gain nothing."""


@settings(max_examples=120, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    kinds=st.tuples(st.sampled_from(KINDS), st.sampled_from(KINDS)),
    num_users=st.integers(1, 70),
    num_items=st.integers(3 * GROUP, 9 * GROUP),
    k=st.integers(1, 4),
    powers=st.tuples(st.sampled_from([-120, -60, -10, 0, 40, 50]), st.sampled_from([-120, -10, 0, 40, 50])),
    unseen=st.sampled_from([1.0, 0.6, 0.004]),
    known=st.sampled_from([1.0, 0.5, 0.003]),
)
def test_exact(
    seed: int,
    kinds: tuple[str, str],
    num_users: int,
    num_items: int,
    k: int,
    powers: tuple[int, int],
    unseen: float,
    known: float,
) -> None:
    generator = torch.Generator().manual_seed(seed)
    users = whole_numbers(kinds[0], num_users, generator) * 2.0 ** powers[0]
    items = whole_numbers(kinds[1], num_items, generator) * 2.0 ** powers[1]
    mask = torch.rand(num_users, num_items, generator=generator) > unseen
    seen = [set(torch.nonzero(row).flatten().tolist()) for row in mask]
    scorable = torch.rand(num_items, generator=generator) < known
    scores = (users.double() @ items.T.double()).float().masked_fill(~scorable, -torch.inf)
    scorer = mask_items(InnerProduct(users, items.T.contiguous()), scorable)
    found = top_k(scorer, torch.arange(num_users), pairs(seen, num_items).by_user, num_items, k, 0.02)
    if sum(powers) > -80:  # below, the products themselves are cut off
        assert found.items.tolist() == naive(scores, seen, k)
        expected = scores.gather(1, found.items.clamp(min=0)).masked_fill(found.items < 0, -torch.inf)
        assert torch.equal(found.scores, expected)
    plain = top_k(lambda some: scorer(some), found.users, pairs(seen, num_items).by_user, num_items, k, 0.02)
    assert torch.equal(found.items, plain.items)


def rough(users: Tensor, items: Tensor, scorable: Tensor | None = None, k: int = 5) -> Bfloat16TopK:
    return Bfloat16TopK(users, items.T.contiguous(), scorable, k, SIZE)


def nobody(rows: int) -> tuple[Tensor, Tensor]:
    return torch.empty(0, dtype=torch.int64), torch.empty(0, dtype=torch.int64)


def test_ordinary_users_are_decided_and_others_are_not() -> None:
    generator = torch.Generator().manual_seed(0)
    users, items = torch.randn(SIZE - 1, 64, generator=generator), torch.randn(2_000, 64, generator=generator)
    users[3], users[4], users[5], users[6] = 0, torch.nan, 1e20, 1e-30
    items, scores, decided = rough(users, items).lists(slice(0, SIZE), *nobody(SIZE))
    assert torch.nonzero(~decided).flatten().tolist() == [3, 4, 5, 6]
    assert items.shape == scores.shape == (SIZE - 1, 5)


def test_equal_items_are_too_many_to_decide() -> None:
    users, items = torch.ones(2, 8), torch.ones(4_000, 8)
    assert not rough(users, items).lists(slice(0, 2), *nobody(2))[2].any()
    listed = top_k(InnerProduct(users, items.T.contiguous()), torch.arange(2), pairs([{0}, set()], 4_000).by_user,
                        4_000, 3, 0.02)  # fmt: skip
    assert listed.items.tolist() == [[1, 2, 3], [0, 1, 2]]


def test_the_error_is_bounded() -> None:
    """What float64 finds between rounded and whole scores is within the bound, and the bound not far above it."""
    generator = torch.Generator().manual_seed(0)
    users, items = torch.rand(SIZE, 16, generator=generator) + 1, torch.rand(900, 16, generator=generator) + 1
    first = rough(users, items)
    found = users.bfloat16().double() @ first.rounded[:900].double().T
    off = (found - users.double() @ items.double().T).abs().amax(1)
    assert (off <= first.error).all()
    assert (first.error < 8 * off).all()


@pytest.mark.parametrize("scorable", [None, torch.arange(3_000) % 3 > 0])
def test_same_bits_as_without_whatever_the_block_and_the_threads(scorable: Tensor | None) -> None:
    generator = torch.Generator().manual_seed(1)
    users, items = torch.randn(150, 64, generator=generator), torch.randn(3_008, 64, generator=generator)
    scorer: Any = InnerProduct(users, items.T.contiguous())
    if scorable is not None:
        scorer = MaskedScorer(scorer, torch.cat([scorable, scorable[:8]]))
    seen = pairs([{u, u + 1} for u in range(150)], 3_008).by_user
    some = torch.tensor([149, 3, 50])
    found = [top_k(scorer, torch.arange(150), seen, 3_008, 10, mib) for mib in (0.2, 1.0)]
    threads = torch.get_num_threads()
    torch.set_num_threads(3 - min(threads, 2))
    found.append(top_k(scorer, torch.arange(150), seen, 3_008, 10, 0.4))
    torch.set_num_threads(threads)
    few = top_k(scorer, some, seen, 3_008, 10, 0.4)
    plain = topk.top_k(scorer, torch.arange(150), seen, 3_008, 10, 1.0, rough=False)
    # a product of fewer columns rounds as the whole one does where AVX-512 makes it; elsewhere this way does not pay
    apart = 0.0 if torch.backends.cpu.get_cpu_capability() == "AVX512" else 1e-5
    for each in found:
        assert torch.equal(each.items, plain.items)
        torch.testing.assert_close(each.scores, plain.scores, rtol=0, atol=apart)
    assert torch.equal(few.items, plain.items[some])
    torch.testing.assert_close(few.scores, plain.scores[some], rtol=0, atol=apart)


def test_only_inner_products_in_float32_of_many_items_take_this_way() -> None:
    def taken(scorer: Any, num_items: int = 1_000) -> bool:
        return topk.rough_pass(scorer, torch.arange(3), num_items, 5, 1.0, "cpu", wanted=True) is not None

    inner = InnerProduct(torch.rand(3, 4), torch.rand(4, 1_000))
    known = torch.arange(1_000) > 3
    assert taken(inner)
    assert taken(MaskedScorer(inner, known))
    assert not taken(WeightedSum([(1.0, inner)]))
    assert not taken(MaskedScorer(WeightedSum([(1.0, inner)]), known))
    assert not taken(InnerProduct(inner.users.double(), inner.table.double()))
    assert not taken(InnerProduct(inner.users, inner.table[:, :600]), 600)
    assert not taken(inner, 999)  # and is then told what is wrong


def test_nan_is_refused() -> None:
    users, items = torch.rand(40, 4), torch.rand(1_000, 4)
    nothing = Interactions(torch.empty(0).long(), torch.empty(0).long(), 40, 1_000).by_user
    for broken in (users, items):
        kept = broken[7].clone()
        broken[7] = torch.nan
        with pytest.raises(UserError, match="diverged"):
            top_k(InnerProduct(users, items.T.contiguous()), torch.arange(40), nothing, 1_000, 3, 1.0)
        broken[7] = kept
