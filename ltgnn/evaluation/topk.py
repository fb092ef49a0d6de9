"""Full-ranking recommendation lists, in blocks of users; never a users x items matrix."""

from __future__ import annotations

import threading
from collections.abc import Callable

import torch
from torch import Tensor

from ltgnn.evaluation.bfloat16_topk import GROUP, Bfloat16TopK, is_faster
from ltgnn.evaluation.exact_topk import best_items
from ltgnn.evaluation.sparse_topk import SparseTopK
from ltgnn.tensors.csr import Csr, csr_rows
from ltgnn.tensors.threads import in_threads
from ltgnn.types import Scorer, TopK, UserError, as_scorer

MIN_BLOCK, MAX_BLOCK = 16, 1024

SPARSE, SPARSE_USERS = 100, 512
"""Items for each place in a list from which on zeros are not made where scores are sparse; users of a block."""

MIN_SCORES = 10**8
"""Scores from which on a rough pass is thought of."""


def block_users(num_items: int, block_mib: float) -> int:
    """Users per block, a power of two, so that one block of float32 scores takes about ``block_mib``.

    It depends on nothing but the catalogue: the same user then meets the same matrix product, bit for bit, whatever
    other users are asked for. Blocks that fit the processor's cache are the fastest.
    """
    fitting = int(block_mib * 2**20) // (4 * max(num_items, 1))
    return 1 << max(MIN_BLOCK, min(MAX_BLOCK, fitting)).bit_length() - 1


def each_block(
    scorer: Scorer | Callable[[Tensor], Tensor],
    users: Tensor,
    seen: Csr,
    num_items: int,
    block_mib: float,
    device: str | torch.device,
    use: Callable[[slice, Tensor], None],
) -> None:
    """Calls ``use(which of users [n], their scores [b, I] with seen items at -inf)`` for blocks of users.

    The scorer, or a plain function, is called with users on ``device``, always with the same number of them (the last
    block is filled up by repeating a user), and the scores it returns are overwritten (views are copied first). It may
    write them into the same memory for block after block (``Scorer.scores_into``), so ``use`` must not keep them. A
    score of -inf means that the item is not a candidate for the user. On CPU each thread takes whole blocks, so that no
    core waits for the others within a block, and the number of threads does not change a score; ``use`` must not mind
    the order.
    """
    size = block_users(num_items, block_mib)
    seen = (seen[0].to(device), seen[1].to(device))
    scorer, memories = as_scorer(scorer), BlockMemory(size, num_items, device)

    def work(start: int) -> None:
        block = users[start : start + size]
        padded = torch.cat([block, block[-1:].expand(size - block.numel())]).to(device)
        with torch.no_grad():
            scores = scorer.scores_into(padded, memories.scores)
            if scores.shape != (size, num_items):
                raise UserError(f"the scorer gave scores of shape {tuple(scores.shape)}, wanted {(size, num_items)}")
            if scores._is_view() or not scores.is_contiguous():
                scores = scores.clone(memory_format=torch.contiguous_format)  # the memory is not ours to write into
            scores = scores.float()
            rows, items = csr_rows(seen, padded)
            scores.view(-1)[rows * num_items + items] = -torch.inf
            use(slice(start, start + block.numel()), scores[: block.numel()])

    starts = range(0, users.numel(), size)
    if torch.device(device).type == "cpu":
        in_threads(work, starts)
        return
    for start in starts:
        work(start)


class BlockMemory(threading.local):
    """Memory for one block of scores [size, items] in each thread, allocated at a thread's first use."""

    def __init__(self, size: int, num_items: int, device: str | torch.device) -> None:
        self.scores = torch.empty(size, num_items, device=device)


def top_k(
    scorer: Scorer | Callable[[Tensor], Tensor],
    users: Tensor,
    seen: Csr,
    num_items: int,
    k: int,
    block_mib: float,
    device: str | torch.device = "cpu",
    rough: bool | None = None,
) -> TopK:
    """The ``k`` best unseen items of each user, best first, ties by smaller item id.

    ``users`` [n], ``seen`` CSR over all users. The lists come back on the CPU, in the order of ``users``. Raises
    ``UserError`` when a score is nan. ``rough``: whether a pass in bfloat16 comes first, where scores are inner
    products on the CPU; None: where it pays. The lists are the same.
    """
    items, scores = torch.empty(users.numel(), k, dtype=torch.int64), torch.empty(users.numel(), k)
    left = torch.arange(users.numel())  # rows that have no list yet

    def keep(rows: slice, block: Tensor) -> None:
        best, places = best_items(block, k), left[rows]
        items[places], scores[places] = best[0].cpu(), best[1].cpu()

    scorer = as_scorer(scorer)
    first = sparse_pass(scorer, users, num_items, k) or rough_pass(
        scorer, users, num_items, k, block_mib, device, rough
    )
    if first is not None:
        left = torch.nonzero(~write_resolved(first, users, seen, items, scores))[:, 0]
    each_block(scorer, users[left.to(users.device)], seen, num_items, block_mib, device, keep)
    return TopK(users.cpu(), items, scores)


def sparse_pass(scorer: Scorer, users: Tensor, num_items: int, k: int) -> SparseTopK | None:
    """The way by the scores that are not 0, where nearly all are 0; None: they are not, or the catalogue is small."""
    if scorer.sparse_scores is None or num_items < SPARSE * k:
        return None
    return SparseTopK(scorer.sparse_scores, users, scorer.candidates, k, SPARSE_USERS)


def rough_pass(
    scorer: Scorer,
    users: Tensor,
    num_items: int,
    k: int,
    block_mib: float,
    device: str | torch.device,
    wanted: bool | None = None,
) -> Bfloat16TopK | None:
    """The way by bfloat16, where scores are inner products and it is ``wanted``; None: many, and such products fast."""
    factors = scorer.factors
    if factors is None or torch.device(device).type != "cpu" or num_items < GROUP * k:
        return None
    states, table = factors
    plain = states.is_cpu and states.dtype == table.dtype == torch.float32 and table.shape[1] == num_items
    if wanted is None:
        wanted = plain and users.numel() * num_items >= MIN_SCORES and is_faster(len(table))
    if not plain or not wanted:
        return None
    size = 2 * block_users(num_items, block_mib)  # of numbers half as wide
    return Bfloat16TopK(states[users], table, scorer.candidates, k, size)


def write_resolved(rough: Bfloat16TopK | SparseTopK, users: Tensor, seen: Csr, items: Tensor, scores: Tensor) -> Tensor:
    """Writes the lists that the first pass is sure of; which these are [n].

    If they are less than half of the first block, the others are not tried.
    """
    sure = torch.zeros(users.numel(), dtype=torch.bool)

    def work(start: int) -> None:
        rows = slice(start, start + rough.size)
        items[rows], scores[rows], sure[rows] = rough.lists(rows, *csr_rows(seen, users[rows]))

    first = slice(0, rough.size)
    in_threads(work, [0])
    if int(sure[first].sum()) >= len(sure[first]) / 2:
        in_threads(work, range(rough.size, users.numel(), rough.size))
    return sure
