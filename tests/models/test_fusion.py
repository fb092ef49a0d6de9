"""Fusions: what the item state is made of, and that pretrained vectors are not overwritten."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.fusion import AlignedContent, ContentOnly, Gate, Id, Init, Sum
from ltgnn.models.fusion_attention import Attention
from ltgnn.models.fusion_concat import Concat
from ltgnn.models.fusion_popularity import PopularityGate
from ltgnn.models.projection import MLP, Linear
from ltgnn.models.whitening import whiten
from ltgnn.types import UserError
from tests.conftest import interactions

TRAIN = interactions([(u, i) for u, items in enumerate(([0, 1, 2, 3], [0, 1, 2, 4], [0, 1])) for i in items], 3, 6)
COUNTS = TRAIN.item_counts  # 3, 3, 2, 1, 1, 0
WARM = (COUNTS > 0)[:, None]
TEXT = torch.randn(6, 10, generator=torch.Generator().manual_seed(0))
INIT = partial(torch.nn.init.normal_, std=0.1)


def embed(fusion: object, text: torch.Tensor | None = TEXT, dim: int = 4) -> NodeEmbedding:
    return NodeEmbedding(TRAIN, dim, INIT, fusion, text)  # type: ignore[arg-type]


def test_id_ignores_text() -> None:
    model = embed(Id)
    states, text = model()
    torch.testing.assert_close(states, torch.cat([model.users, model.items * WARM]))
    assert text is None


def test_sum_is_id_plus_projection() -> None:
    model = embed(partial(Sum, projector=Linear))
    weight, bias = model.fusion.projector[0].weight, model.fusion.projector[0].bias
    states, text = model()
    torch.testing.assert_close(text, TEXT @ weight.T + bias)
    torch.testing.assert_close(states[3:], model.items * WARM + TEXT @ weight.T + bias)


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


def test_popularity_gate_by_hand() -> None:
    """At the start: w_1 = 0.9; with odds 9 that fall as c^-0.5, w_c = 9 / (9 + c^0.5); cold items are text alone."""
    model = embed(partial(PopularityGate, projector=Linear, at_one=0.9, falling=0.5))
    wanted = torch.tensor([9 / (9 + c**0.5) if c else 1.0 for c in COUNTS.tolist()])
    torch.testing.assert_close(model.fusion.content_weight(COUNTS), wanted)
    states, text = model()
    torch.testing.assert_close(states[3:], (1 - wanted[:, None]) * model.items + wanted[:, None] * text)
    torch.testing.assert_close(states[-1], text[-1])


@given(start=st.floats(-20, 20), slope=st.floats(-20, 20))
def test_popularity_gate_is_monotone_whatever_is_learned(start: float, slope: float) -> None:
    model = embed(partial(PopularityGate, projector=Linear, at_one=0.9, falling=0.5))
    with torch.no_grad():
        model.fusion.start.fill_(start)
        model.fusion.slope.fill_(slope)
    weight = model.fusion.content_weight(torch.arange(0, 2000))
    assert (weight.diff() <= 1e-7).all()  # up to the rounding of float32
    assert weight[0] == 1
    assert weight.min() >= 0


def test_attention_over_sets_by_loop() -> None:
    torch.manual_seed(0)
    model = embed(partial(Attention, projector=Linear, widths={"text": 7, "numbers": 3}))
    states, text = model()
    first, second = (part[0] for part in model.fusion.projector.projectors)
    hidden, _, query = model.fusion.score
    rows, texts = [], []
    for i in range(6):
        sets = [model.items[i] * WARM[i], first(TEXT[i, :7]), second(TEXT[i, 7:])]
        logits = [(query.weight[0] @ torch.tanh(hidden.weight @ z + hidden.bias)).exp() for z in sets]
        rows.append(sum(logit / sum(logits) * z for logit, z in zip(logits, sets, strict=True)))
        texts.append((sets[1] + sets[2]) / 2)
    torch.testing.assert_close(states[3:], torch.stack(rows))
    torch.testing.assert_close(text, torch.stack(texts))
    with pytest.raises(UserError, match=r"fusion.widths.*10 columns"):
        embed(partial(Attention, projector=Linear, widths={"text": 7}))


def test_side_hands_text_to_the_losses_and_ids_to_the_graph() -> None:
    model = embed(partial(AlignedContent, projector=Linear))
    states, text = model()
    torch.testing.assert_close(states[3:], model.items * WARM)
    torch.testing.assert_close(text, model.fusion.projector(TEXT))


@pytest.mark.parametrize("fusion", [Sum, Gate, Concat, partial(PopularityGate, at_one=0.9, falling=0.5), Attention])
def test_id_dropout_leaves_whole_rows_out(fusion: object) -> None:
    """A dropped row is what the fusion makes of a zero id; the cold item's id is out in evaluation too."""
    torch.manual_seed(0)
    model = embed(partial(fusion, projector=Linear, id_dropout=0.5))  # type: ignore[arg-type]
    ids = model.items.detach().clone()
    with_ids, _ = model.fusion.eval()(ids, TEXT, torch.ones(6))
    without, _ = model.fusion(torch.zeros(6, 4), TEXT, torch.ones(6))
    dropped = 0
    model.train()
    for _ in range(200):
        states, _ = model.fusion(ids, TEXT, torch.ones(6))
        out = torch.isclose(states, without).all(1)
        assert (out | torch.isclose(states, with_ids).all(1)).all()
        dropped += int(out.sum())
    assert 0.42 < dropped / 1200 < 0.58
    expected, _ = model.fusion.eval()(torch.zeros(6, 4), TEXT, COUNTS)
    for mode in (True, False) * 10:  # the cold item's is out always
        torch.testing.assert_close(model.train(mode)()[0][-1], expected[-1])
    model.zero_grad()
    model()[0][-1].sum().backward()
    assert not model.items.grad[-1].any()  # the cold id is in nothing


def test_id_dropout_out_of_range() -> None:
    with pytest.raises(UserError, match=r"fusion.id_dropout=1.5"):
        embed(partial(Sum, projector=Linear, id_dropout=1.5))


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


def test_text_is_not_in_the_checkpoint() -> None:
    assert set(embed(partial(Sum, projector=Linear)).state_dict()) == {
        "users",
        "items",
        "fusion.projector.0.weight",
        "fusion.projector.0.bias",
    }
