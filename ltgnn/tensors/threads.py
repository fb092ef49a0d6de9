"""Work in blocks on all cores of the CPU, each block by one thread: the numbers do not depend on how many there are."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import torch


def in_threads(work: Callable[[int], None], starts: Iterable[int]) -> None:
    """Calls ``work`` with each number, as many at once as torch has threads; within a call there is one."""
    threads, interval = torch.get_num_threads(), sys.getswitchinterval()
    torch.set_num_threads(1)  # what the workers inherit
    sys.setswitchinterval(1e-4)  # no wait of 5 ms between calls of .1 ms: lists of Gowalla's size in 6 % less
    try:
        blocks = list(starts)
        if threads == 1 or len(blocks) == 1:  # no pool for one worker: making it costs more than a small block
            for start in blocks:
                work(start)
            return
        with ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(work, blocks):  # an error of one cancels those that have not started
                pass
    finally:
        torch.set_num_threads(threads)
        sys.setswitchinterval(interval)
