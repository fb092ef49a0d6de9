"""Fusions: what the item state is made of, and that pretrained vectors are not overwritten."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from ltgnn.models.fusion import AlignedContent, ContentOnly, Gate, Id, Init, Sum
from ltgnn.models.projection import MLP, Linear
from ltgnn.types import UserError
from tests.models.fusion_case import COUNTS, INIT, ITEM_TEXT, WARM, embed


def test_id_ignores_text() -> None:
    model = embed(Id)
    states, text = model()
    torch.testing.assert_close(states, torch.cat([model.users, model.items * WARM]))
    assert text is None


def test_sum_is_id_plus_projection() -> None:
    model = embed(partial(Sum, projector=Linear))
    weight, bias = model.fusion.projector[0].weight, model.fusion.projector[0].bias
    states, text = model()
    torch.testing.assert_close(text, ITEM_TEXT @ weight.T + bias)
    torch.testing.assert_close(states[3:], model.items * WARM + ITEM_TEXT @ weight.T + bias)


def test_gate_mixes_per_dimension() -> None:
    model = embed(partial(Gate, projector=partial(MLP, hidden=7)))
    states, text = model()
    share = (states[3:] - text) / (model.items * WARM - text)
    assert ((share > 0) & (share < 1)).all()


@pytest.mark.parametrize(("fusion", "rest"), [(Id, 0.0), (partial(Sum, projector=Linear), 1.0)])
def test_the_id_of_a_cold_item_says_nothing_and_is_not_trained(fusion: object, rest: float) -> None:
    model = embed(fusion)
    with torch.no_grad():
        model.items[5] = 7.0
    states, text = model()
    torch.testing.assert_close(states[-1], torch.zeros(4) if text is None else text[-1])
    assert states[-1].any() == bool(rest)
    states.sum().backward()
    assert not model.items.grad[5].any()
    assert model.items.grad[:5].all()


def test_a_cold_item_that_started_from_text_keeps_its_row() -> None:
    model = embed(Init)
    torch.testing.assert_close(model()[0][-1], model.items[5])


def test_text_trains_no_ids() -> None:
    model = embed(partial(ContentOnly, projector=Linear))
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


def test_side_hands_text_to_the_losses_and_ids_to_the_graph() -> None:
    model = embed(partial(AlignedContent, projector=Linear))
    states, text = model()
    torch.testing.assert_close(states[3:], model.items * WARM)
    torch.testing.assert_close(text, model.fusion.projector(ITEM_TEXT))


def test_id_dropout_out_of_range() -> None:
    with pytest.raises(UserError, match=r"fusion.id_dropout=1.5"):
        embed(partial(Sum, projector=Linear, id_dropout=1.5))


def test_text_is_not_in_the_checkpoint() -> None:
    assert set(embed(partial(Sum, projector=Linear)).state_dict()) == {
        "users",
        "items",
        "fusion.projector.0.weight",
        "fusion.projector.0.bias",
    }
