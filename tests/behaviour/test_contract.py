"""Every axis combines with every other, or refuses with a message that names the clash; every yaml key is read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf

from ltgnn.build import Problem
from ltgnn.types import UserError
from tests.axes import AXES, COLD, PLAIN, Case, Tree, fingerprint, first_step

EDGES = ("semantic", "semantic_kinds", "relations", "relations_learned")
"""Graphs with edges of the cold item."""

CLASH = re.compile(r"\b(" + "|".join([*AXES, "features", "num_layers"]) + r")=")


def try_case(tree: Tree, problem: Problem, case: Case) -> str | None:
    """None, or the message with which the case was refused; anything else is a failure of the test."""
    try:
        module, loss, terms = first_step(tree.config(case), problem)
        assert torch.isfinite(loss), (case, terms)
        loss.backward()
        module.refuse_idle_weights()
    except UserError as mistake:
        return str(mistake)
    except Exception as error:
        raise AssertionError(f"{' '.join(f'{a}={w}' for a, w in case.items())}: {error!r}") from error
    for name, weight in module.named_parameters():
        assert weight.grad is None or torch.isfinite(weight.grad).all(), (case, name)
    encoded = module.encode_all()
    if case["fusion"] not in ("id", "side") or (case["graph"] in EDGES and len(encoded.layers) > 1):
        assert encoded.items[COLD].any(), (case, "text or edges say something of the cold item, but its state is 0")
    scores = module.scorer()(torch.arange(5))
    assert scores.shape == (5, problem.split.train.num_items), case
    not_scorable = torch.arange(scores.shape[1]) == (COLD if not encoded.items[COLD].any() else -1)
    assert torch.isfinite(scores[:, ~not_scorable]).all(), case
    return None


PARTNERS: list[Case] = [
    {"loss": "bpr_infonce"},
    {},
    {"loss": "softmax"},
    {"views": "simgcl"},
    {"fusion": "content", "projector": "mlp"},
    {"loss": "bpr_align"},
    {"sampler": "in_batch", "loss": "softmax"},
    {"graph": "relations"},
]
"""What a word may need beside it, tried in this order; the first serves views alone."""


def at_home(tree: Tree, problem: Problem, axis: str, word: str) -> Case:
    """The plain case with this word and what it needs."""
    for partners in PARTNERS[axis != "views" :]:  # a view is seen by a contrast alone
        case = PLAIN | partners | {axis: word}
        if all(tree.nodes[a].get(w) is not None for a, w in case.items()) and try_case(tree, problem, case) is None:
            return case
    raise AssertionError(f"{axis}={word} works with nothing")


def keys(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Path and value of every leaf of a yaml node that is a choice: not the class that it names."""
    for key, value in node.items():
        here = f"{path}.{key}" if path else str(key)
        if isinstance(value, dict):
            yield from keys(value, here)
        elif key not in ("_target_", "_partial_", "_convert_"):
            yield here, value


UNMOVED = {
    "model=freedom: encoder.item_graph.edges.weight": "the channel is normalised, so a common factor cancels",
    "model=freedom_kinds: encoder.item_graph.edges.edges.weight": "a common factor cancels, as of model=freedom",
    "model=lattice: encoder.item_graph.edges.edges.weight": "a common factor cancels, as of model=freedom",
    "model=lattice: encoder.item_graph.every": "moves a later step: tests/graph/test_projected_graphs.py",
    "model=lightgcn_historical: encoder.every": "moves the second step: tests/models/test_historical.py",
    "model=mf: encoder.readout.ego": "there is one layer to read out",
    "model=vbpr: encoder.readout.ego": "there is one layer to read out",
    "projector=kinds: rescale": "nothing is dropped: tests/models/test_kinds.py",
    **{
        f"model=pyg model/conv={conv}: encoder.conv.concat": "there is one head: tests/models/test_pyg.py"
        for conv in ("gatv2", "transformer")
    },
    **{
        f"graph: kernel.{key}": "kernels compute the same: tests/graph/test_kernels.py"
        for key in ("rounds", "margin", "least")
    },
    **{
        f"{base}.closed_form.{key}": "all items are candidates: tests/models/test_local_ease.py"
        for base in ("loss=residual: ranking.base", "graph=learned: item_edges.learned.base")
        for key in (
            *(f"candidates.{k}" for k in ("least", "most", "growth", "popularity_power")),
            "longest_history",
            "least_cosine",
        )
    },
}
"""Keys that cannot change a number, and why."""


def others(value: Any) -> list[Any]:
    """Values that differ from the one in the yaml, tried until one moves something."""
    if value is None:
        return []
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, max(1, value - 1), 3 * value, max(1, value // 10)]
    if isinstance(value, float):
        return [0.5 * value, 0.3, 0.99, 1.5 * value + 0.1]
    if isinstance(value, list):
        return [[]]
    return ["nonsense"]


def test_every_key_is_read(tree: Tree, problem: Problem) -> None:
    """A value changed on the command line changes terms, gradients or scores, or is refused."""
    unread = []
    for axis in AXES:
        for word in tree.words[axis]:
            case = at_home(tree, problem, axis, word)
            usual = fingerprint(tree.config(case), problem)
            node = OmegaConf.to_container(tree.config(case)[axis], resolve=False)
            for path, value in keys(node):
                unmoved = f"{axis}={word}: {path}" in UNMOVED or f"{axis}: {path}" in UNMOVED
                if value is None or str(value).startswith("${") or unmoved:
                    continue  # a knob of the root, or another group
                if not any(moves(tree.config(case), problem, f"{axis}.{path}", v, usual) for v in others(value)):
                    unread.append(f"{axis}={word}: {path}")
    assert not unread, unread


def moves(cfg: DictConfig, problem: Problem, key: str, value: Any, usual: list[Any]) -> bool:
    OmegaConf.update(cfg, key, value, force_add=True)
    try:
        return fingerprint(cfg, problem) != usual
    except Exception:  # read, and found to be nonsense
        return True


def test_every_pair_of_words_builds_and_learns_or_names_the_clash(tree: Tree, problem: Problem) -> None:
    refused: Counter[str] = Counter()
    good: set[tuple[str, str]] = set()
    total = 0
    for case in tree.cases(seed=0):
        message = try_case(tree, problem, case)
        total += 1
        if message is None:
            good.update(case.items())
        else:
            assert CLASH.search(message), (case, message)
            refused[message] += 1
    print(total, refused)
    assert sum(refused.values()) < 0.75 * total, refused
    never = {(axis, word) for axis in AXES for word in tree.words[axis]} - good
    assert all(at_home(tree, problem, axis, word) for axis, word in never)
