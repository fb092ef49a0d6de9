"""A local loss on the batch's nodes alone: the same terms, the same gradients as on the whole graph."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from omegaconf import open_dict

from ltgnn.build import Problem, build_module
from ltgnn.config.paths import conf_dir
from ltgnn.tensors.batch_nodes import covers_catalogue, nodes_of
from ltgnn.types import Batch, UserError
from tests.axes import PLAIN, Case, Tree

LOCAL = (
    "bc", "bce", "bm3", "bpr", "bpr_ips", "bpr_tail", "bsl", "ccl", "dice", "directau", "macr", "pda", "psl",
    "residual", "sl", "softmax", "softmax_logq", "softmax_tail",
)  # fmt: skip
"""Losses that have to be local."""

LOSSES = sorted(file.stem for file in (conf_dir() / "loss").glob("*.yaml"))
"""Every loss, so that one which is called local without being so is found."""

MODELS = ("mf", "lightgcn", "lightgcnpp", "xsimgcl", "lightgcn_content")


def fits(model: str, loss: str) -> bool:
    """MACR and BM3 have weights for each of ``dim`` columns, and this model has twice as many."""
    return model != "lightgcn_content" or loss not in ("bm3", "macr")


def terms_and_gradients(
    tree: Tree, problem: Problem, case: Case, local: bool, penalised: list[int] | None = None, shared: int = 1
) -> tuple[dict[str, Any], bool]:
    """Terms and gradients of 12 pairs, their users not the first ones, and whether only their nodes were computed."""
    cfg = tree.config(PLAIN | case)
    with open_dict(cfg):
        cfg.shared_batches = shared
        if penalised is not None:
            cfg.loss.l2.layers = penalised
        if case.get("sampler") == "shared":
            cfg.sampler.negatives.negatives = 5  # fewer than items
    module = build_module(cfg, problem).train()
    module.local = module.local and local
    used = []
    if hasattr(module.encoder, "at"):
        at = module.encoder.at
        module.encoder.at = lambda *a: used.append(at(*a)) or used[-1]
    train = problem.split.train
    users, pos = train.users[5:137:11], train.items[5:137:11]
    batch = Batch(users, pos, module.sampler(users, pos, torch.Generator().manual_seed(0)), module.sampler.proposal)
    terms = module.objective(batch)
    torch.stack(list(terms.values())).sum().backward()
    found = {name: value.detach() for name, value in terms.items()}
    found |= {name: weight.grad for name, weight in module.named_parameters() if weight.requires_grad}
    return found, any(result is not None for result in used)


@pytest.mark.parametrize(
    ("model", "loss"),
    [(model, loss) for loss in LOSSES for model in (MODELS if loss in LOCAL else ("lightgcn",)) if fits(model, loss)],
)
def test_same_as_the_whole(tree: Tree, problem: Problem, model: str, loss: str) -> None:
    views = {"views": "simgcl"} if loss.endswith("_infonce") else {}
    for case in ({"sampler": "uniform"}, {"sampler": "shared", "fusion": "gate"}):
        words: Case = {"model": model, "loss": loss, **case, **views}
        ours, used = terms_and_gradients(tree, problem, words, local=True)
        theirs, whole = terms_and_gradients(tree, problem, words, local=False)
        assert used or loss not in LOCAL
        assert not whole
        assert ours.keys() == theirs.keys()
        for name in ours:
            torch.testing.assert_close(ours[name], theirs[name], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("model", "loss"), [(m, loss) for loss in LOCAL for m in MODELS if fits(m, loss)])
def test_mini_batches_behind_one_pass(tree: Tree, problem: Problem, model: str, loss: str) -> None:
    """5 does not divide 12; every layer is penalised, so that each has a gradient."""
    layers = [0] if model == "mf" else [0, 1]
    for case in ({"sampler": "uniform"}, {"sampler": "shared", "fusion": "gate"}):
        words: Case = {"model": model, "loss": loss, **case}
        ours, used = terms_and_gradients(tree, problem, words, True, layers, shared=5)
        theirs, whole = terms_and_gradients(tree, problem, words, False, layers, shared=5)
        assert used
        assert not whole
        for name in ours:
            torch.testing.assert_close(ours[name], theirs[name], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("penalised", [[0, 1, 2], [1], [2]])
def test_penalties_of_other_layers(tree: Tree, problem: Problem, penalised: list[int]) -> None:
    """BSL's authors penalise every layer."""
    case = {"model": "lightgcn", "loss": "sl", "sampler": "in_batch"}
    ours, used = terms_and_gradients(tree, problem, case, local=True, penalised=penalised)
    theirs, whole = terms_and_gradients(tree, problem, case, local=False, penalised=penalised)
    first, _ = terms_and_gradients(tree, problem, case, local=True)
    assert used
    assert not whole
    for name in ours:
        torch.testing.assert_close(ours[name], theirs[name], rtol=1e-4, atol=1e-6)
    assert ours["l2"] != first["l2"]


@pytest.mark.parametrize(
    "case",
    [
        {"loss": "bpr_align"},
        {"loss": "ultragcn"},
        {"views": "simgcl", "loss": "bpr_infonce"},
        {"model": "layergcn"},
        {"model": "freedom"},
        {"graph": "lightgcnpp"},
    ],
)
def test_what_is_not_local_sees_the_whole(tree: Tree, problem: Problem, case: Case) -> None:
    """Losses on the whole catalogue, other views, models and graphs that are not linear."""
    assert not terms_and_gradients(tree, problem, case, local=True)[1]


def test_nodes_by_hand() -> None:
    batch = Batch(torch.tensor([7, 2, 7]), torch.tensor([5, 5, 0]), torch.tensor([[9], [1], [5]]), torch.arange(10.0))
    nodes = nodes_of(batch, 8, 10)
    assert nodes.users.tolist() == [2, 7]
    assert nodes.items.tolist() == [0, 1, 5, 9]
    assert nodes.batch.users.tolist() == [1, 0, 1]
    assert nodes.batch.pos.tolist() == [2, 2, 0]
    assert nodes.batch.neg.tolist() == [[3], [1], [2]]
    assert nodes.batch.proposal.tolist() == [0, 1, 5, 9]
    again = nodes_of(nodes.batch._replace(pos=torch.tensor([2, 2, 2])), 2, 4).batch  # some of these nodes
    assert again.user_numbers(again.users).tolist() == [7, 2, 7]
    assert again.item_numbers(again.pos).tolist() == [5, 5, 5]
    assert again.item_numbers(again.neg).tolist() == [[9], [1], [5]]
    assert again.of_items(torch.arange(10) * 10).tolist() == [10, 50, 90]
    assert again.of_users(torch.arange(8) * 10).tolist() == [20, 70]
    shared = batch._replace(neg=torch.tensor([9, 1]).expand(3, 2), proposal=None)
    nodes = nodes_of(shared, 8, 10)
    assert nodes.batch.neg.stride(0) == 0
    assert nodes.items[nodes.batch.neg].tolist() == [[9, 1]] * 3
    assert not covers_catalogue(batch, 10)
    assert covers_catalogue(batch._replace(neg=torch.zeros(3, 4, dtype=torch.int64)), 10)


@pytest.mark.parametrize("model", ["mf", "lightgcn_historical"])
def test_a_penalty_on_a_layer_that_is_not_there(tree: Tree, problem: Problem, model: str) -> None:
    with pytest.raises(UserError, match="penalty on layer 2 was asked for"):
        terms_and_gradients(tree, problem, {"model": model, "loss": "bpr"}, local=True, penalised=[0, 2])
