"""Which items a model says that it knows: those whose state is not the zero vector, over models, fusions and graphs."""

from __future__ import annotations

import pytest
import torch

from ltgnn.build import Problem, build_module
from ltgnn.types import UserError
from tests.axes import COLD, PLAIN, Tree

FUSIONS = ("id", "sum", "content", "init", "side", "gate", "attention", "concat", "beside", "popularity_gate")


@pytest.mark.parametrize("graph", ["symmetric", "semantic", "semantic_kinds", "relations", "relations_learned"])
@pytest.mark.parametrize("fusion", FUSIONS)
def test_every_model_knows_the_items_that_have_a_state(tree: Tree, problem: Problem, fusion: str, graph: str) -> None:
    """Item ``COLD`` has no train interaction; the graph ``semantic`` joins it to items with similar text,
    ``relations`` to entities that it shares with others."""
    built = 0
    for model in tree.words["model"]:
        try:
            module = build_module(tree.config(PLAIN | {"model": model, "fusion": fusion, "graph": graph}), problem)
            encoded = module.encode_all()
        except UserError:
            continue
        assert encoded.known is not None
        assert torch.equal(encoded.known, encoded.items.any(1)), model
        candidates = module.scorer().candidates
        assert (candidates is None) == bool(encoded.known.all())
        if fusion in ("id", "side") and graph == "symmetric" and model in ("mf", "lightgcn", "layergcn", "sasrec"):
            assert encoded.known.logical_not().nonzero().flatten().tolist() == [COLD]
        built += 1
    assert built >= 1
