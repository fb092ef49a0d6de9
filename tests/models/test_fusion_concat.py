"""Id and features side by side, mapped back to the model's width."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from ltgnn.models.fusion import AlignedContent, ContentOnly, Gate, Init, Sum
from ltgnn.models.fusion_attention import Attention
from ltgnn.models.fusion_concat import Concat
from ltgnn.models.fusion_popularity import PopularityGate
from ltgnn.models.projection import Linear
from ltgnn.types import UserError
from tests.models.fusion_case import COUNTS, ITEM_TEXT, WARM, embed


def test_concat_is_a_linear_map_of_both_that_starts_at_their_mean() -> None:
    model = embed(partial(Concat, projector=Linear))
    states, text = model()
    torch.testing.assert_close(states[3:], (model.items * WARM + text) / 2)
    with torch.no_grad():
        model.fusion.both.weight.normal_()
        model.fusion.both.bias.normal_()
    weight, bias = model.fusion.both.weight, model.fusion.both.bias
    expected = [weight[:, :4] @ (model.items * WARM)[i] + weight[:, 4:] @ text[i] + bias for i in range(6)]
    torch.testing.assert_close(model()[0][3:], torch.stack(expected))


@pytest.mark.parametrize("fusion", [Sum, Gate, Concat, partial(PopularityGate, at_one=0.9, falling=0.5), Attention])
def test_id_dropout_leaves_whole_rows_out(fusion: object) -> None:
    """A dropped row is what the fusion makes of a zero id; the cold item's id is out in evaluation too."""
    torch.manual_seed(0)
    model = embed(partial(fusion, projector=Linear, id_dropout=0.5))  # type: ignore[arg-type]
    ids = model.items.detach().clone()
    with_ids, _ = model.fusion.eval()(ids, ITEM_TEXT, torch.ones(6))
    without, _ = model.fusion(torch.zeros(6, 4), ITEM_TEXT, torch.ones(6))
    dropped = 0
    model.train()
    for _ in range(200):
        states, _ = model.fusion(ids, ITEM_TEXT, torch.ones(6))
        out = torch.isclose(states, without).all(1)
        assert (out | torch.isclose(states, with_ids).all(1)).all()
        dropped += int(out.sum())
    assert 0.42 < dropped / 1200 < 0.58
    expected, _ = model.fusion.eval()(torch.zeros(6, 4), ITEM_TEXT, COUNTS)
    for mode in (True, False) * 10:  # the cold item's is out always
        torch.testing.assert_close(model.train(mode)()[0][-1], expected[-1])
    model.zero_grad()
    model()[0][-1].sum().backward()
    assert not model.items.grad[-1].any()  # the cold id is in nothing


@pytest.mark.parametrize(
    "fusion",
    [
        Init,
        partial(PopularityGate, at_one=0.9, falling=0.5, projector=Linear),
        *(partial(fusion, projector=Linear) for fusion in (Sum, ContentOnly, Gate, Concat, Attention, AlignedContent)),
    ],
)
def test_without_text_refused(fusion: object) -> None:
    with pytest.raises(UserError, match=r"needs item features.*Set features="):
        embed(fusion, None)
