"""Full-ranking recommendation lists, in blocks of users; never a users x items matrix."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor
from torch.nn.functional import pad

from ltgnn.types import Mistake, Scorer, TopK

Csr = tuple[Tensor, Tensor]  # offsets [U + 1], items [E]

MIN_BLOCK, MAX_BLOCK = 16, 1024


def block_users(num_items: int, block_mib: float) -> int:
    """Users per block, a power of two, so that one block of float32 scores takes about ``block_mib``.

    It depends on nothing but the catalogue: the same user then meets the same matrix product, bit for bit, whatever
    other users are asked for. Blocks that fit the processor's cache are the fastest.
    """
    fitting = int(block_mib * 2**20) // (4 * max(num_items, 1))
    return 1 << max(MIN_BLOCK, min(MAX_BLOCK, fitting)).bit_length() - 1


def csr_rows(csr: Csr, users: Tensor) -> tuple[Tensor, Tensor]:
    """The entries of a CSR table in the rows ``users`` [n]: (position in ``users``, item), one pair an entry."""
    offsets, items = csr
    starts, counts = offsets[users], offsets[users + 1] - offsets[users]
    rows = torch.repeat_interleave(counts)
    first = torch.cumsum(counts, 0) - counts
    within = torch.arange(rows.numel(), device=rows.device) - first[rows]
    return rows, items[starts[rows] + within]


def each_block(
    scorer: Scorer,
    users: Tensor,
    seen: Csr,
    num_items: int,
    block_mib: float,
    device: str | torch.device,
    use: Callable[[slice, Tensor], None],
) -> None:
    """Calls ``use(which of users [n], their scores [b, I] with seen items at -inf)`` for blocks of users.

    The scorer is called with users on ``device``, always with the same number of them (the last block is filled up by
    repeating a user), and the scores it returns are overwritten (views are copied first); one with a method
    ``scores_into(users, out)`` writes them into the same memory for block after block, so ``use`` must not keep them. A
    score of -inf means that the item is no candidate for the user. On CPU each thread takes whole blocks, so that no
    core waits for the others within a block, and the number of threads moves no bit of a score; ``use`` must not mind
    the order.
    """
    size = block_users(num_items, block_mib)
    seen = (seen[0].to(device), seen[1].to(device))
    into, memory = getattr(scorer, "scores_into", None), threading.local()

    def scored(padded: Tensor) -> Tensor:
        if into is None:
            return scorer(padded)
        if not hasattr(memory, "scores"):
            memory.scores = torch.empty(size, num_items, device=device)
        into(padded, memory.scores)
        found: Tensor = memory.scores
        return found

    def work(start: int) -> None:
        block = users[start : start + size]
        padded = torch.cat([block, block[-1:].expand(size - block.numel())]).to(device)
        with torch.no_grad():
            scores = scored(padded)
            if scores.shape != (size, num_items):
                raise Mistake(f"the scorer gave scores of shape {tuple(scores.shape)}, wanted {(size, num_items)}")
            if scores._is_view() or not scores.is_contiguous():
                scores = scores.clone(memory_format=torch.contiguous_format)  # the memory is not ours to write into
            scores = scores.float()
            rows, items = csr_rows(seen, padded)
            scores.view(-1)[rows * num_items + items] = -torch.inf
            use(slice(start, start + block.numel()), scores[: block.numel()])

    starts = range(0, users.numel(), size)
    if torch.device(device).type != "cpu":
        for start in starts:
            work(start)
        return
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # what the workers inherit
    try:
        with ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(work, starts):  # an error of one stops those that have not begun
                pass
    finally:
        torch.set_num_threads(threads)


def top_k(
    scorer: Scorer,
    users: Tensor,
    seen: Csr,
    num_items: int,
    k: int,
    block_mib: float,
    device: str | torch.device = "cpu",
) -> TopK:
    """The ``k`` best unseen items of each user, best first, ties by smaller item id.

    ``users`` [n], ``seen`` CSR over all users. The lists come back on the CPU, in the order of ``users``. Raises
    ``Mistake`` when a score is nan.
    """
    items, scores = torch.empty(users.numel(), k, dtype=torch.int64), torch.empty(users.numel(), k)

    def keep(rows: slice, block: Tensor) -> None:
        best = best_items(block, k)
        items[rows], scores[rows] = best[0].cpu(), best[1].cpu()

    each_block(scorer, users, seen, num_items, block_mib, device, keep)
    return TopK(users.cpu(), items, scores)


RUNS = (128, 32, 8)
"""Lengths of the runs of ``best_items``, each a divisor of the one before; torch takes the maxima of such runs fast."""


def best_items(scores: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The ``k`` best columns of ``scores`` [B, I]: (items [B, k], scores [B, k]); -1 where nothing above -inf is left.

    Level by level: the ``k`` best runs of neighbouring items by their maximum, in these the ``k`` best shorter runs,
    at last the best items. An item in none of the chosen runs is behind the best item of each, also under ties, since
    equal runs are ranked by item id like equal items: the result is exact. The costly sorting then meets some hundred
    numbers a row instead of I.
    """
    rows, width = scores.shape
    if not rows:  # a view of nothing has no shape that could be told
        return torch.empty(0, k, dtype=torch.int64), torch.empty(0, k)
    lengths = [length for length in RUNS if width // length >= 2 * k]
    if not lengths:
        fail_on_nan(scores)
        candidates = torch.arange(width, device=scores.device).expand(rows, -1)
        found = scores
    else:
        whole = width // lengths[0] * lengths[0]
        inside, starts = scores[:, :whole], None  # what is left, and where in the row each of its runs begins [B, runs]
        for level, length in enumerate(lengths):
            maxima = inside.view(rows, -1, length).amax(2)  # nan goes through
            if level == 0:
                fail_on_nan(maxima)
                fail_on_nan(scores[:, whole:])
            chosen = best_places(maxima, k)
            first = chosen * length
            if starts is not None:
                longer = lengths[level - 1]
                first = starts.gather(1, first // longer) + first % longer
            inside = inside.view(rows, -1, length)[torch.arange(rows, device=scores.device)[:, None], chosen].flatten(1)
            starts = first
        rest = torch.arange(whole, width, device=scores.device).expand(rows, -1)
        within = torch.arange(lengths[-1], device=scores.device)
        assert starts is not None
        candidates = torch.cat([(starts[:, :, None] + within).flatten(1), rest], 1)
        found = torch.cat([inside, scores[:, whole:]], 1)
    best = order_keys(found, candidates).topk(min(k, found.shape[1])).indices
    values, items = found.gather(1, best), candidates.gather(1, best)
    items = items.masked_fill(values == -torch.inf, -1)
    short = k - items.shape[1]
    return pad(items, (0, short), value=-1), pad(values, (0, short), value=-torch.inf)


def best_places(maxima: Tensor, k: int) -> Tensor:
    """The columns of the ``k`` largest of each row, equal ones from the left; in ascending order.  [B, n] -> [B, k]"""
    places = torch.arange(maxima.shape[1], device=maxima.device)
    return order_keys(maxima, places).topk(k, sorted=False).indices.sort(1).values


def order_keys(scores: Tensor, ids: Tensor) -> Tensor:
    """int64 numbers that sort like (score, smaller id first); float32 ``scores`` without nan, ``ids`` below 2^32."""
    return (order_bits(scores) << 32) + (0xFFFFFFFF - ids)


def order_bits(scores: Tensor) -> Tensor:
    """int64 numbers below 2^31 in size that sort like the float32 ``scores``; equal for equal scores."""
    bits = (scores + 0.0).view(torch.int32)  # + 0.0: the two zeros become one
    return (bits ^ ((bits >> 31) & 0x7FFFFFFF)).long()  # the bits of negative floats count backwards


def fail_on_nan(scores: Tensor) -> None:
    """``Mistake`` if a score is nan: no order holds it."""
    if torch.isnan(scores).any():
        raise Mistake("the model gave nan as a score: training has diverged; lower lr or raise the loss's temperature")
