"""Fusions: what the item state is made of, and that pretrained vectors are not overwritten."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.fusion import Gate, Id, Init, Sum, Text, whiten
from ltgnn.models.projection import MLP, Linear
from ltgnn.types import Mistake

COUNTS = torch.tensor([5, 3, 2, 1, 1, 0])
TEXT = torch.randn(6, 10, generator=torch.Generator().manual_seed(0))
INIT = partial(torch.nn.init.normal_, std=0.1)


def embed(fusion: object, text: torch.Tensor | None = TEXT, dim: int = 4) -> NodeEmbedding:
    return NodeEmbedding(3, 6, dim, INIT, fusion, text, COUNTS)  # type: ignore[arg-type]


def test_id_ignores_text() -> None:
    model = embed(Id)
    states, text = model()
    torch.testing.assert_close(states, torch.cat([model.users, model.items]))
    assert text is None


def test_sum_is_id_plus_projection() -> None:
    model = embed(partial(Sum, projector=Linear))
    weight, bias = model.fusion.projector[0].weight, model.fusion.projector[0].bias
    states, text = model()
    torch.testing.assert_close(text, TEXT @ weight.T + bias)
    torch.testing.assert_close(states[3:], model.items + TEXT @ weight.T + bias)


def test_gate_mixes_per_dimension() -> None:
    model = embed(partial(Gate, projector=partial(MLP, hidden=7)))
    states, text = model()
    share = (states[3:] - text) / (model.items - text)
    assert ((share > 0) & (share < 1)).all()


def test_text_trains_no_ids() -> None:
    model = embed(partial(Text, projector=Linear))
    assert model.items is None
    torch.testing.assert_close(model()[0][3:], model()[1])


def test_init_table_is_whitened_text_with_the_id_scale() -> None:
    torch.manual_seed(5)
    expected_spread = INIT(torch.empty(3, 4)) is not None and 0.1
    model = embed(Init, dim=4)
    seen = model.items.detach()[COUNTS > 0].double()
    centred = seen - seen.mean(0)
    covariance = centred.T @ centred / 5
    spread = covariance.diagonal().sqrt()
    torch.testing.assert_close(seen.mean(0), torch.zeros(4, dtype=torch.float64), atol=1e-6, rtol=0)
    torch.testing.assert_close(covariance, torch.diag(spread**2), atol=1e-6, rtol=0)  # decorrelated
    assert spread.std() < 1e-6  # whitened: the same spread in each direction
    assert 0.3 * expected_spread < spread[0] < 3 * expected_spread
    assert model.items.requires_grad


def test_whiten_against_svd_and_narrow_text() -> None:
    white = whiten(TEXT.double(), torch.ones(6, dtype=torch.bool), 3)
    centred = TEXT.double() - TEXT.double().mean(0)
    u, _, _ = torch.linalg.svd(centred, full_matrices=False)
    torch.testing.assert_close(white.abs(), (u[:, :3] * 6**0.5).abs(), rtol=1e-6, atol=1e-9)
    assert whiten(TEXT[:, :2], torch.ones(6, dtype=torch.bool), 4).shape == (6, 2)
    torch.manual_seed(1)
    model = embed(Init, TEXT[:, :2], dim=4)
    torch.manual_seed(1)
    INIT(torch.empty(3, 4))
    torch.testing.assert_close(model.items[:, 2:].detach(), INIT(torch.empty(6, 4))[:, 2:])  # the rest keeps its init


@pytest.mark.parametrize(
    "fusion", [Init, partial(Sum, projector=Linear), partial(Text, projector=Linear), partial(Gate, projector=Linear)]
)
def test_without_text_refused(fusion: object) -> None:
    with pytest.raises(Mistake, match=r"needs item text.*Set text="):
        embed(fusion, None)


def test_text_is_not_in_the_checkpoint() -> None:
    assert set(embed(partial(Sum, projector=Linear)).state_dict()) == {
        "users",
        "items",
        "fusion.projector.0.weight",
        "fusion.projector.0.bias",
    }
