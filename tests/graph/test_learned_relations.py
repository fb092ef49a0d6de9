"""One learned weight a relation: the dense adjacency, and finite differences."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ltgnn.graph.adjacency import Normalisation
from ltgnn.graph.kernels import csr_product, scatter
from ltgnn.graph.learned_relations import LearnedRelationGraph
from ltgnn.graph.normalisation import RandomWalk, Symmetric
from ltgnn.graph.strength import Events
from tests.graph.relations_case import TRAIN, dense_joined, normalise, relations

WEIGHTS = {"actor": 0.7, "director": 0.3, "brand": 2.0, "then": 0.5}


def graph(normalisation: Normalisation | None = None, **options: object) -> LearnedRelationGraph:
    rule = normalisation or Symmetric()
    return LearnedRelationGraph(TRAIN, rule, None, 1.0, WEIGHTS, 1, relations=relations(), **options).double()  # type: ignore[arg-type]


def naive(states: Tensor, log_weights: Tensor) -> Tensor:
    """The sum of the dense parts, each times its weight, then normalised."""
    found = dense_joined(relations(), dict.fromkeys(WEIGHTS, 0.0), 0)
    size = 40 + 14
    parts = [torch.zeros(size, size, dtype=torch.float64)]
    parts[0][:40, :40] = found[:40, :40]
    for name in WEIGHTS:
        one = dense_joined(relations(), {other: float(other == name) for other in WEIGHTS}, 0)
        parts.append(one - parts[0])
    weights = torch.cat([torch.ones(1, dtype=torch.float64), log_weights.exp()])
    return normalise(sum(w * part for w, part in zip(weights, parts, strict=True))) @ states  # type: ignore[arg-type]


def test_values_and_gradients_are_those_of_the_dense_adjacency() -> None:
    ours = graph()
    states = torch.randn(ours.size, 5, dtype=torch.float64, requires_grad=True)
    target = torch.randn(ours.size, 5, dtype=torch.float64)
    result, expected = ours.propagate(ours.propagate(states)), naive(naive(states, ours.log_weights), ours.log_weights)
    torch.testing.assert_close(result, expected, rtol=1e-5, atol=1e-6)
    found, wanted = (
        torch.autograd.grad((both * target).sum(), [states, ours.log_weights]) for both in (result, expected)
    )
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6 * other.abs().max().item())


@pytest.mark.parametrize("rule", [Symmetric(), RandomWalk()])
def test_gradients_by_finite_differences(rule: Normalisation) -> None:
    ours = graph(rule)
    states = torch.randn(ours.size, 2, dtype=torch.float64, requires_grad=True)

    def step(states: Tensor, log_weights: Tensor) -> Tensor:
        del ours.log_weights
        ours.log_weights = log_weights  # type: ignore[assignment]
        return ours.propagate(states)

    assert torch.autograd.gradcheck(step, (states, ours.log_weights.detach().clone().requires_grad_()))


@pytest.mark.parametrize("kernel", [csr_product, scatter])
def test_kernels_agree(kernel: object) -> None:
    one, other = graph(strength={"events": Events(0.5)}), graph(strength={"events": Events(0.5)})
    other.kernel = kernel  # type: ignore[assignment]
    states = torch.randn(one.size, 3, dtype=torch.float64)
    torch.testing.assert_close(one.propagate(states), other.propagate(states))
    torch.testing.assert_close(one.propagate(states[:40]), other.propagate(states[:40]))


def test_weights_are_in_the_checkpoint_by_the_names_of_their_relations() -> None:
    ours = graph()
    assert list(ours.state_dict()) == ["log_weights"]
    assert ours.relation_weights == pytest.approx(WEIGHTS, rel=1e-6)
    nodes, weights = ours.messages_to(17 + 5)
    whole = ours.propagate(torch.eye(ours.size, dtype=torch.float64))[17 + 5]
    torch.testing.assert_close(torch.zeros(ours.size).double().index_add(0, nodes, weights), whole)
