"""The scoring head as ONNX: user vectors in, scores and the best items out, for servers that have no Python."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from ltgnn.commands.export import main
from ltgnn.inference.finished_run import open_run


def test_the_head_runs_as_onnx(runs: dict[str, Path], tmp_path: Path) -> None:
    from onnx.reference import ReferenceEvaluator

    assert main([f"run={runs['gnn']}", f"out={tmp_path / 'model'}", "onnx=true"]) == 0
    model = open_run(runs["gnn"])
    assert model.vectors is not None
    vectors = model.vectors[0][:4].numpy()
    head = ReferenceEvaluator(str(tmp_path / "model" / "score_head.onnx"))
    scores, top, items = head.run(None, {"users": vectors, "k": np.array([3])})
    wanted = model.scorer(torch.arange(4))
    np.testing.assert_allclose(scores, wanted.numpy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(top, wanted.topk(3).values.numpy(), rtol=1e-5)
    assert (items == wanted.topk(3).indices.numpy()).all()
