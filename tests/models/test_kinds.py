"""A map for each kind of features, against loops over items and kinds."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch
from hydra.utils import instantiate
from torch import Tensor

from ltgnn.config.composing import compose_config
from ltgnn.models.fusion import ContentOnly, Id, Sum
from ltgnn.models.fusion_attention import Attention
from ltgnn.models.kinds import KindProjector, Kinds, give_kinds, kinds_of
from ltgnn.models.projection import MLP, Linear, ProjectorPerKind
from ltgnn.testing.fusion import FusionCase
from ltgnn.types import Block, Features, UserError

COLUMNS = {"text": slice(0, 3), "price": slice(3, 5), "image": slice(5, 6)}
ABSENT = torch.tensor([0.0, 0.0, 0.0, 0.5, 1.0, 0.0])  # a price that is lacking is no row of zeros
LACKS = torch.tensor([[1, 1, 1], [0, 1, 1], [1, 0, 1], [1, 1, 0], [0, 1, 0], [0, 0, 0]]).bool().logical_not()


def rows() -> Tensor:
    """Six items; ``LACKS`` [6, 3] says which kinds each lacks."""
    values = torch.randn(6, 6, generator=torch.Generator().manual_seed(0))
    for kind, place in enumerate(COLUMNS.values()):
        values[LACKS[:, kind], place] = ABSENT[place]
    return values


def features() -> Features:
    blocks = {name: Block(place, ~LACKS[:, kind]) for kind, (name, place) in enumerate(COLUMNS.items())}
    return Features(rows(), {}, blocks)


def made(**changes: Any) -> KindProjector:
    torch.manual_seed(0)
    given = {"projector": Linear, "dropout": 0.0, "rescale": False, "missing": "mask"} | changes
    projector = KindProjector(6, 4, kinds=Kinds(COLUMNS, ABSENT), **given)
    if projector.vectors is not None:
        torch.nn.init.normal_(projector.vectors)
    return projector


def by_loop(projector: KindProjector, kept: Tensor) -> Tensor:
    """Item by item and kind by kind; ``kept`` [6, 3]: what was not dropped."""
    found = torch.zeros(6, 4)
    for item, row in enumerate(rows()):
        for kind, place in enumerate(COLUMNS.values()):
            lacks = bool(LACKS[item, kind])
            if kept[item, kind] and (projector.missing == "keep" or not lacks):
                scale = 1 - projector.dropout if projector.rescale and projector.training else 1
                found[item] += projector.projectors[kind](row[place]) / scale
            elif projector.vectors is not None and not LACKS[item].all():
                found[item] += projector.vectors[kind]
    return found


@pytest.mark.parametrize("missing", ["keep", "mask", "learned"])
@pytest.mark.parametrize("inner", [Linear, partial(MLP, hidden=5)])
def test_lacking_kinds_by_loop(missing: str, inner: Any) -> None:
    projector = made(missing=missing, projector=inner)
    everything = torch.ones(6, 3, dtype=torch.bool)
    torch.testing.assert_close(projector(rows()), by_loop(projector, everything))
    assert bool(projector(rows())[5].any()) == (missing == "keep"), "an item without any kind says nothing"


@pytest.mark.parametrize("missing", ["keep", "mask", "learned"])
@pytest.mark.parametrize("rescale", [False, True])
def test_dropped_kinds_by_loop(missing: str, rescale: bool) -> None:
    projector = made(missing=missing, rescale=rescale, dropout=0.4)
    torch.manual_seed(7)
    found = projector(rows())
    torch.manual_seed(7)
    kept = torch.rand(6, 3) >= 0.4
    assert 0 < int(kept.sum()) < 18
    torch.testing.assert_close(found, by_loop(projector, kept))
    torch.manual_seed(7)
    assert torch.equal(found, projector(rows())), "the same seed, the same draw"
    assert not torch.equal(found, projector(rows()))
    nothing = made(missing=missing, rescale=rescale).eval()(rows())
    assert torch.equal(projector.eval()(rows()), nothing), "nothing is dropped in evaluation"


def test_the_share_of_drops_and_their_mean() -> None:
    projector = made(dropout=0.3, rescale=True)
    item = rows()[:1].expand(100_000, -1)
    drawn = projector.kept(len(item), item.device)
    assert drawn.float().mean(0).tolist() == pytest.approx([0.7] * 3, abs=0.01)
    torch.testing.assert_close(projector(item).mean(0), projector.eval()(item[:1])[0], atol=0.01, rtol=0.02)


def test_off_it_is_a_projector_per_kind() -> None:
    """Bit for bit, in training too, and no random number is drawn."""
    projector = made(missing="keep")
    widths = {name: place.stop - place.start for name, place in COLUMNS.items()}
    torch.manual_seed(0)
    plain = ProjectorPerKind(6, 4, widths, dict.fromkeys(widths, Linear))
    before = torch.get_rng_state()
    assert torch.equal(projector(rows()), plain(rows()))
    assert torch.equal(torch.get_rng_state(), before)


def test_every_weight_learns() -> None:
    projector = made(missing="learned", dropout=0.2)
    projector(rows()).square().sum().backward()
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in projector.parameters())
    assert all(bool(weight.grad.any()) for weight in projector.parameters())  # type: ignore[union-attr]


def test_kinds_of_features_with_and_without_blocks() -> None:
    columns, absent = kinds_of(features())
    assert columns == COLUMNS
    assert torch.equal(absent, ABSENT)
    assert torch.equal(made().there(rows()), ~LACKS)
    alone = kinds_of(Features(rows(), {}))
    assert alone.columns == {"features": slice(0, 6)}
    assert not alone.absent.any()


def test_the_fusion_learns_of_the_kinds() -> None:
    asked = partial(KindProjector, projector=Linear, dropout=0.0, rescale=False, missing="mask")
    fusion = give_kinds(partial(Sum, projector=asked), features())(dim=4, features_dim=6)
    assert fusion.projector.widths == [3, 2, 1]
    known = fusion.known_items(rows(), torch.zeros(6, dtype=torch.bool))
    assert known.tolist() == [True] * 5 + [False]
    for other in (partial(Sum, projector=Linear), partial(Id)):
        assert give_kinds(other, features()) is other
    assert give_kinds(partial(Sum, projector=asked), None).keywords["projector"] is asked


def test_attention_over_the_kinds() -> None:
    asked = partial(KindProjector, projector=Linear, dropout=0.0, rescale=False, missing="mask")
    torch.manual_seed(0)
    fusion = give_kinds(partial(Attention, projector=asked), features())(dim=4, features_dim=6).eval()
    ids = torch.randn(6, 4)
    state, _ = fusion(ids, rows(), torch.ones(6))
    each = [ids, *fusion.projector.each(rows())]
    logits = torch.stack([fusion.score(z)[:, 0] for z in each], 1).softmax(1)
    torch.testing.assert_close(state, sum(logits[:, k, None] * z for k, z in enumerate(each)))
    assert not each[1][LACKS[:, 0]].any()


def test_what_cannot_be() -> None:
    with pytest.raises(UserError, match=r"projector.dropout=1.0 given"):
        made(dropout=1.0)
    with pytest.raises(UserError, match=r"projector.missing=drop given, keep, mask or learned wanted"):
        made(missing="drop")


class TestWithSum(FusionCase):
    def make(self, dim: int, features_dim: int) -> Sum:
        return Sum(
            dim, features_dim, partial(KindProjector, projector=Linear, dropout=0.5, rescale=True, missing="mask")
        )


class TestWithContentOnly(FusionCase):
    def make(self, dim: int, features_dim: int) -> ContentOnly:
        return ContentOnly(
            dim, features_dim, partial(KindProjector, projector=Linear, dropout=0.5, rescale=False, missing="learned")
        )


@pytest.mark.parametrize("fusion", ["sum", "attention", "beside"])
def test_fusions_of_the_config_are_given_the_kinds(fusion: str) -> None:
    cfg = compose_config("train", [f"fusion={fusion}", "features=tfidf", "projector=kinds"], None)
    made = give_kinds(instantiate(cfg.fusion), features())(dim=4, features_dim=6)
    assert isinstance(made.projector, KindProjector)
    assert made.projector.widths == [3, 2, 1]
