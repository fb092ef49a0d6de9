"""What `bench.py --device cuda` adds: kernels against the card's bandwidth, bf16, a step as a CUDA graph."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from bench_peers import Step  # beside this file
from torch import Tensor

from ltgnn.graph.kernels import Csr, csr_product, embedding_bag, scatter
from ltgnn.graph.triton_rows import rows_product
from ltgnn.types import Batch


def milliseconds(work: Callable[[], Any], calls: int = 50) -> float:
    """Time of one call, the mean of some between two events on the card."""
    for _ in range(3):
        work()
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    begin.record()
    for _ in range(calls):
        work()
    end.record()
    torch.cuda.synchronize()
    return float(begin.elapsed_time(end)) / calls


def copy_gb_a_second() -> float:
    """Bytes read and written by a copy of 2 GB."""
    source = torch.empty(2**29, device="cuda")
    target = torch.empty_like(source)
    return 2 * source.numel() * 4 / milliseconds(lambda: target.copy_(source), 10) / 1e6


def kernels(matrix: Csr, states: Tensor) -> dict[str, dict[str, float]]:
    """Milliseconds of one layer, and the bytes that it must read and write at least over them, in GB a second.

    An edge reads a column number, a weight and a state, a node writes a state; what the cache serves counts as read.
    """
    half = states.half()
    works: dict[str, tuple[int, Callable[[], Any]]] = {
        "csr": (4, lambda: csr_product(matrix, states)),
        "embedding_bag": (4, lambda: embedding_bag(matrix, states)),
        "scatter": (4, lambda: scatter(matrix, states)),
    }
    for tile in (512, 1024, 2048, 4096):
        for warps in (1, 2, 4):
            rows = partial(rows_product, matrix.offsets, matrix.columns, matrix.weights, tile=tile, warps=warps)
            works[f"triton_rows, tile {tile}, warps {warps}"] = 4, partial(rows, states)
            works[f"triton_rows of float16, tile {tile}, warps {warps}"] = 2, partial(rows, half)
    found, (nodes, width), edges = {}, states.shape, len(matrix.columns)
    exact = csr_product(matrix, states)
    for name, (size, work) in works.items():
        error = float((work() - exact).abs().max() / exact.abs().max())
        if error > (1e-5 if size == 4 else 2e-3):
            raise SystemExit(f"{name}: off by {error} of the largest value")
        ms = milliseconds(work)
        found[name] = {"ms": ms, "GB/s": (edges * (width * size + 8) + nodes * width * 4) / ms / 1e6}
    return found


def bf16(step: Step) -> Step:
    """The step with products in bfloat16; propagation stays in float32."""

    def narrow(users: Tensor, pos: Tensor, neg: Tensor) -> float:
        with torch.autocast("cuda", torch.bfloat16):
            return step(users, pos, neg)

    return narrow


def graphed(module: Any, lr: float, batch: tuple[Tensor, Tensor, Tensor]) -> Step:
    """The step recorded once as a CUDA graph and replayed on further batches of the same size: no launches from Python.

    All nodes are computed, not the batch's alone: finding these needs an answer from the card in the midst of a step.
    """
    users, pos, neg = (part.clone() for part in batch)
    optimizer = torch.optim.Adam(module.parameters(), lr=lr, capturable=True, fused=True)
    module.local = False

    def work() -> Tensor:
        optimizer.zero_grad(set_to_none=True)
        loss = torch.stack(list(module.objective(Batch(users, pos, neg[:, None])).values())).sum()
        loss.backward()
        optimizer.step()
        return loss.detach()

    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            work()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        loss = work()

    def step(*given: Tensor) -> float:
        for place, part in zip((users, pos, neg), given, strict=True):
            place.copy_(part)
        graph.replay()
        return float(loss)

    return step


def report(found: dict[str, Any]) -> list[str]:
    """Markdown lines."""
    copy = found["copy"]
    lines = [
        "",
        f"The card copies {copy:,.0f} GB a second (read and written). GB/s of a kernel: what it must read and write at "
        "least over its time; above the copy's rate the card's cache serves.",
        "",
        "| one propagation layer | ms | GB/s | of the copy |",
        "|---|---|---|---|",
    ]
    for name, one in found["kernels"].items():
        lines.append(f"| {name} | {one['ms']:.3f} | {one['GB/s']:,.0f} | {one['GB/s'] / copy:.2f} |")
    return lines
