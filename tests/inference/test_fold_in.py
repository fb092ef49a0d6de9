"""A folded-in event gives what a build from scratch gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ltgnn.inference.finished_run import load_finished_run
from ltgnn.inference.fold_in import FoldIn
from ltgnn.inference.new_interactions import encode_new, extend_problem, rebuild_module
from ltgnn.inference.restore import load_module
from tests.commands.update_case import EVENTS, ITEMS, trained

Launch = Callable[..., int]

FOLDED = [
    ("fusion=sum",),
    ("fusion=id", "features=none"),
    ("fusion=popularity_gate", "num_layers=3"),
    ("fusion=gate", "features/transform=whiten", "model=lightgcnpp", "graph=lightgcnpp"),
    ("fusion=content", "graph=random_walk"),
    ("fusion=sum", "split=cold_items", "views=simgcl", "loss=bpr_infonce"),
]


@pytest.mark.parametrize("overrides", FOLDED, ids=" ".join)
def test_folding_in_gives_what_a_build_from_scratch_gives(
    launch: Launch, tmp_path: Path, overrides: tuple[str, ...]
) -> None:
    run, cfg, problem = load_finished_run(trained(launch, tmp_path, *overrides))
    module = load_module(cfg, problem, run, torch.device("cpu"))
    assert FoldIn.supports(module)
    items = ITEMS if problem.features is not None else {}
    new = encode_new(problem.dataset, problem.split.train, EVENTS, items)
    assert new.item_ids == (["sword", "lonely"] if items else ["sword"])
    assert new.user_ids == ["new1", "new2"]
    after = extend_problem(cfg, problem, new)
    encoded, update = FoldIn(problem, module).update(new, after)
    wanted = rebuild_module(cfg, problem, after, module.state_dict()).encode_all()
    torch.testing.assert_close(encoded.users, wanted.users, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(encoded.items, wanted.items, rtol=1e-5, atol=1e-6)
    u3 = problem.dataset.user_ids.index("u3")
    assert not torch.equal(encoded.users[u3], module.encode_all().users[u3])
    before = torch.cat([module.encode_all().users, torch.zeros(2, encoded.users.shape[1])])
    kept = ~update.changed[: len(before)]
    assert torch.equal(encoded.users[kept], before[kept])
