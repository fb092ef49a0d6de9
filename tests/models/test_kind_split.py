"""The features' part of an item state, kind by kind: each is what the fusion makes of that kind's projection."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor

from ltgnn.models.fusion import AlignedContent, ContentOnly, Gate, Id, Init, ItemFusion, Sum
from ltgnn.models.fusion_attention import Attention
from ltgnn.models.fusion_concat import Concat
from ltgnn.models.fusion_popularity import PopularityGate
from ltgnn.models.kind_split import split_content
from ltgnn.models.projection import CONSTANT, MLP, Linear, NoProjection, ProjectorPerKind

COLUMNS = {"text": slice(0, 4), "image": slice(4, 6)}
FEATURES = torch.randn(5, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
IDS = torch.randn(5, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
COUNTS = torch.tensor([5, 3, 1, 1, 0])
KINDS = partial(ProjectorPerKind, widths={"text": 4, "image": 2}, projectors={"text": Linear, "image": Linear})

Make = Callable[..., ItemFusion]
POPULARITY = partial(PopularityGate, at_one=0.9, falling=0.5)


def split(make: Make) -> tuple[ItemFusion, dict[str, Tensor] | None, Tensor]:
    """The fusion, what each kind adds, and what the features add in all."""
    torch.manual_seed(0)
    fusion = make(dim=6, features_dim=6).double().eval()
    ids = IDS if fusion.uses_ids else None
    found = split_content(fusion, ids, FEATURES, COUNTS, COLUMNS)
    return fusion, None if found is None else dict(found), fusion.parts(ids, FEATURES, COUNTS)[1]


@pytest.mark.parametrize("projector", [Linear, KINDS, NoProjection], ids=["linear", "kinds", "none"])
@pytest.mark.parametrize("fusion", [Sum, ContentOnly, Gate, Concat, POPULARITY], ids=str)
def test_kinds_sum_to_what_the_features_add(fusion: Make, projector: Callable[..., torch.nn.Module]) -> None:
    _, found, wanted = split(partial(fusion, projector=projector))
    assert found is not None
    assert list(found)[:2] == ["text", "image"]
    torch.testing.assert_close(sum(found.values(), torch.zeros(5, 6, dtype=torch.float64)), wanted)


def test_each_kind_by_hand() -> None:
    sums, found, _ = split(partial(Sum, projector=Linear))
    weight, bias = sums.projector[0].weight, sums.projector[0].bias  # type: ignore[index, union-attr]
    assert found is not None
    torch.testing.assert_close(found["text"], FEATURES[:, :4] @ weight[:, :4].T)
    torch.testing.assert_close(found["image"], FEATURES[:, 4:] @ weight[:, 4:].T)
    torch.testing.assert_close(found[CONSTANT], bias.expand(5, -1))

    gate, found, _ = split(partial(Gate, projector=KINDS))
    assert isinstance(gate, Gate)
    share = gate.share(IDS, gate.project(FEATURES), COUNTS)
    assert found is not None
    torch.testing.assert_close(found["image"], (1 - share) * gate.projector.projectors[1](FEATURES[:, 4:]))  # type: ignore[index, union-attr]

    attention, found, wanted = split(partial(Attention, projector=Linear, widths={"text": 4, "image": 2}))
    assert found is not None
    torch.testing.assert_close(found["text"] + found["image"], wanted)
    torch.testing.assert_close(found["text"], attention.weigh(IDS, FEATURES)[0][:, 1])  # type: ignore[operator]


def test_what_is_no_sum_over_kinds() -> None:
    for make in (
        partial(Sum, projector=partial(MLP, hidden=7)),
        partial(AlignedContent, projector=Linear),
        partial(Attention, projector=Linear),
        Init,
    ):
        assert split(make)[1] is None, make
    assert split(Id)[1] == {}
