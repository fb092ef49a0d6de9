"""The scoring head as ONNX: user vectors in, scores and the best items out, for servers that have no Python."""

from __future__ import annotations

from pathlib import Path

import torch

from ltgnn.inference.served_model import ServedModel
from ltgnn.scoring.forms import decompose
from ltgnn.types import UserError

OPSET = 17
LIMIT = 2**31 - 2**20  # a protobuf file holds no more


def write_head(served: ServedModel, file: Path) -> None:
    """``users [B, d] float32, k [1] int64 -> scores [B, I], top_scores [B, k], top_items [B, k]``.

    Items that are not scorable have -inf. The caller removes seen items: request more than ``k``.
    Raises ``UserError`` if the score is not one inner product (and constants per item), or the library is missing.
    """
    try:
        from onnx import TensorProto, checker, helper, numpy_helper, save
    except ImportError as error:
        raise UserError("onnx=true needs the library `onnx`: pip install 'ltgnn[onnx]'") from error
    found = decompose(served.scorer) or []
    inner = [table.factors for table in found if table.factors is not None]
    constants = [table.item_bias for table in found if table.item_bias is not None]
    if len(inner) != 1 or len(inner) + len(constants) != len(found):
        raise UserError(
            f"onnx=true: the score of {served.name} is more than one inner product of user and item vectors "
            "(weights between items, or several tables), so it has no small head. Omit onnx=true."
        )
    table = inner[0][1].float()
    bias = sum(constants, torch.zeros(table.shape[1]))
    bias = bias.masked_fill(~served.scorable, -torch.inf)
    if table.numel() * 4 > LIMIT:
        raise UserError(f"onnx=true: the item table takes {table.numel() * 4 / 2**30:.1f} GB, an ONNX file holds 2 GB.")
    width, items = table.shape
    float_, int_ = TensorProto.FLOAT, TensorProto.INT64
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["users", "items"], ["product"]),
            helper.make_node("Add", ["product", "bias"], ["scores"]),
            helper.make_node("TopK", ["scores", "k"], ["top_scores", "top_items"], axis=1),
        ],
        "score head",
        [helper.make_tensor_value_info("users", float_, ["B", width]), helper.make_tensor_value_info("k", int_, [1])],
        [
            helper.make_tensor_value_info("scores", float_, ["B", items]),
            helper.make_tensor_value_info("top_scores", float_, ["B", "K"]),
            helper.make_tensor_value_info("top_items", int_, ["B", "K"]),
        ],
        [
            numpy_helper.from_array(table.contiguous().numpy(), "items"),
            numpy_helper.from_array(bias.float().numpy(), "bias"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="ltgnn")
    model.ir_version = 8
    checker.check_model(model)
    save(model, str(file))
