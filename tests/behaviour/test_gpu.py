"""The GPU path: bf16 with propagation in float32, the same answer as the CPU within its precision."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import run_folders

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize("loss", ["bpr", "softmax"])
def test_a_job_on_the_gpu_learns_what_the_cpu_learns(launch: Callable[..., int], tmp_path: Path, loss: str) -> None:
    for trainer in ("cpu", "gpu"):
        words = [f"trainer={trainer}", f"loss={loss}", "fusion=sum", "epochs=40", f"paths.log_dir={trainer}"]
        assert launch(*words) == 0
    cpu, gpu = (
        json.loads((run_folders(tmp_path / trainer)[0] / "metrics.json").read_text())["test"]["ndcg@20"]
        for trainer in ("cpu", "gpu")
    )
    assert gpu == pytest.approx(cpu, rel=0.15)  # negatives are drawn on the device: other streams, the same law


def test_the_gpu_propagates_in_float32() -> None:
    import torch

    from ltgnn.graph.bipartite import BipartiteGraph
    from ltgnn.graph.normalisation import Symmetric
    from tests.conftest import random_interactions

    graph = BipartiteGraph(random_interactions(40, 30, 0.2, 0), Symmetric(), None)
    states = torch.randn(70, 8)
    expected = graph.propagate(states)
    with torch.autocast("cuda", torch.bfloat16):
        found = graph.cuda().propagate(states.cuda())
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.cpu(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("width", [5, 64, 200])
def test_the_triton_kernel_is_the_dense_product(width: int) -> None:
    import torch

    from ltgnn.graph.bipartite import BipartiteGraph
    from ltgnn.graph.kernels import triton_rows
    from ltgnn.graph.normalisation import Symmetric
    from tests.conftest import random_interactions

    train = random_interactions(300, 200, 0.2, 0)
    graph = BipartiteGraph(train, Symmetric(), None)
    states = torch.randn(500, width, requires_grad=True)
    graph.propagate(states).square().sum().backward()
    other = states.detach().cuda().requires_grad_()
    ours = BipartiteGraph(train, Symmetric(), triton_rows).cuda()
    found = ours.propagate(other)
    found.square().sum().backward()
    torch.testing.assert_close(found.cpu(), graph.propagate(states), rtol=1e-5, atol=1e-6)
    assert states.grad is not None
    assert other.grad is not None
    torch.testing.assert_close(other.grad.cpu(), states.grad, rtol=1e-5, atol=1e-5)
    assert torch.equal(found, ours.propagate(other))  # the same bits at each call
