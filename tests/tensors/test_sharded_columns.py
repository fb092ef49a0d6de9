"""Columns of one process alone: the sum is the part, its gradient too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import torch.distributed as dist

from ltgnn.tensors.sharded_columns import ShardedColumns


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[None]:
    dist.init_process_group("gloo", init_method=f"file://{tmp_path}/meet", rank=0, world_size=1)
    yield
    dist.destroy_process_group()


@pytest.mark.usefixtures("alone")
def test_sum_and_gather_of_one_process() -> None:
    part = torch.randn(3, 2, requires_grad=True)
    total = ShardedColumns().sum(part)
    assert torch.equal(total, part)
    (gradient,) = torch.autograd.grad(total.square().sum(), part)
    assert torch.equal(gradient, 2 * part)
    assert torch.equal(ShardedColumns().gather(part.detach()), part)
