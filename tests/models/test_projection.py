"""Projectors against their formulas by loops."""

import math
from functools import partial

import pytest
import torch
from torch.nn import functional as F

from ltgnn.models.projection import MLP, Linear, NoProjection, ProjectorPerKind, WhiteningExperts
from ltgnn.types import UserError

TEXT = torch.randn(5, 6, generator=torch.Generator().manual_seed(0))


def test_none_keeps_the_features_and_refuses_another_width() -> None:
    assert NoProjection(features_dim=6, dim=6)(TEXT) is TEXT
    with pytest.raises(UserError, match=r"6 columns and dim=4.*features.transform.dim=4"):
        NoProjection(features_dim=6, dim=4)


def test_linear_and_mlp() -> None:
    linear, mlp = Linear(6, 3), MLP(6, 3, hidden=4)
    torch.testing.assert_close(linear(TEXT), TEXT @ linear[0].weight.T + linear[0].bias)
    between = TEXT @ mlp[0].weight.T + mlp[0].bias
    between = torch.where(between > 0, between, 0.01 * between)
    torch.testing.assert_close(mlp(TEXT), between @ mlp[2].weight.T + mlp[2].bias)


def experts(noise: bool = False) -> WhiteningExperts:
    torch.manual_seed(0)
    projector = WhiteningExperts(6, 3, experts=4, dropout=0.0, noise=noise)
    for weight in projector.parameters():
        torch.nn.init.normal_(weight)
    return projector


def test_mixture_of_whitenings_equals_the_loop() -> None:
    projector = experts()
    for row, text in enumerate(TEXT):
        logits = [(text @ projector.gate[:, k]).item() for k in range(4)]
        total = sum(math.exp(logit) for logit in logits)
        wanted = sum(
            math.exp(logit) / total * ((text - projector.bias[k]) @ projector.weight[k])
            for k, logit in enumerate(logits)
        )
        torch.testing.assert_close(projector(TEXT)[row], wanted, atol=1e-5, rtol=1e-5)


def test_noise_on_the_gate_is_there_in_training_only() -> None:
    projector = experts(noise=True)
    torch.manual_seed(1)
    noisy = projector.shares(TEXT)
    torch.manual_seed(1)
    noise = torch.randn(5, 4)
    logits = TEXT @ projector.gate + noise * F.softplus(TEXT @ projector.gate_noise)
    torch.testing.assert_close(noisy, logits.softmax(1))
    torch.testing.assert_close(projector.eval().shares(TEXT), (TEXT @ projector.gate).softmax(1))
    torch.testing.assert_close(noisy.sum(1), torch.ones(5))


def test_every_weight_of_the_mixture_learns() -> None:
    projector = experts(noise=True)
    projector(TEXT).square().sum().backward()
    assert all(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in projector.parameters())


def test_kinds_of_features_by_their_own_projector() -> None:
    torch.manual_seed(0)
    projector = ProjectorPerKind(6, 3, {"text": 4, "image": 2}, {"image": Linear, "text": partial(MLP, hidden=5)})
    text, image = projector.projectors
    torch.testing.assert_close(projector(TEXT), text(TEXT[:, :4]) + image(TEXT[:, 4:]))


@pytest.mark.parametrize("widths", [{"text": 4, "image": 3}, {"text": 6}])
def test_widths_that_do_not_fit(widths: dict[str, int]) -> None:
    with pytest.raises(UserError, match=r"sum to 6.*features_card.json"):
        ProjectorPerKind(6, 3, widths, {"text": Linear, "image": Linear})


def test_no_experts() -> None:
    with pytest.raises(UserError, match=r"projector.experts=0"):
        WhiteningExperts(6, 3, experts=0, dropout=0.0, noise=False)
