"""Models that cannot fold in are built anew with the new events."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ltgnn.inference.finished_run import load_finished_run
from ltgnn.inference.fold_in import FoldIn
from ltgnn.inference.new_interactions import encode_new, extend_problem, rebuild_module
from ltgnn.inference.restore import load_module
from ltgnn.inference.update import update_scorer
from ltgnn.types import UserError
from tests.commands.update_case import EVENTS, ITEMS, trained

Launch = Callable[..., int]

REBUILT = [
    ("fusion=sum", "graph=semantic"),
    ("fusion=sum", "graph=learned"),
    ("fusion=content", "model=alpharec"),
    ("fusion=sum", "model=lightgcn_content"),
]


@pytest.mark.parametrize("overrides", REBUILT, ids=" ".join)
def test_other_models_are_built_anew(launch: Launch, tmp_path: Path, overrides: tuple[str, ...]) -> None:
    run, cfg, problem = load_finished_run(trained(launch, tmp_path, *overrides))
    module = load_module(cfg, problem, run, torch.device("cpu"))
    assert not FoldIn.supports(module)
    new = encode_new(problem.dataset, problem.split.train, EVENTS, ITEMS)
    after = extend_problem(cfg, problem, new)
    scorer, how = update_scorer(cfg, problem, after, new, run)
    assert how["computed again"] == "graph and vectors, all with the weights of the run"
    assert scorer(torch.arange(after.dataset.num_users)).shape == (82, 50)


def test_scores_that_a_loss_adds_are_those_of_the_extended_train_part(launch: Launch, tmp_path: Path) -> None:
    words = ("fusion=init", "loss=residual", "sampler=in_batch", "loss.ranking.folds=2")
    run, cfg, problem = load_finished_run(trained(launch, tmp_path, *words))
    module = load_module(cfg, problem, run, torch.device("cpu"))
    after = extend_problem(cfg, problem, encode_new(problem.dataset, problem.split.train, EVENTS, ITEMS))
    everyone = torch.arange(after.dataset.num_users)
    new = encode_new(problem.dataset, problem.split.train, EVENTS, ITEMS)
    scorer, _ = update_scorer(cfg, problem, after, new, run)
    wanted = rebuild_module(cfg, problem, after, module.state_dict()).scorer()
    torch.testing.assert_close(scorer(everyone), wanted(everyone), rtol=1e-4, atol=1e-5)


def test_closed_forms_are_computed_again(launch: Launch, tmp_path: Path) -> None:
    run, cfg, problem = load_finished_run(trained(launch, tmp_path, "model=ease"))
    new = encode_new(problem.dataset, problem.split.train, [("u3", "i40"), ("new", "i1")], {})
    after = extend_problem(cfg, problem, new)
    scorer, how = update_scorer(cfg, problem, after, new, run)
    assert how["computed again"] == "the closed form, of all pairs"
    assert scorer(torch.tensor([80])).abs().nan_to_num(posinf=0).sum() > 0
    with pytest.raises(UserError, match="is an item of the run already"):
        encode_new(problem.dataset, problem.split.train, EVENTS, {"i3": {}})
