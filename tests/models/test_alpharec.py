"""AlphaRec: users and items from their features only."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import Tensor

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.normalisation import Symmetric
from ltgnn.models.alpharec import ContentNodes
from ltgnn.models.fusion import ContentOnly
from ltgnn.models.lightgcn import LightGCN
from ltgnn.models.projection import MLP, Linear, ProjectorPerKind
from ltgnn.models.readout import Mean
from ltgnn.types import Interactions, ItemContent
from tests.models.encoders_case import INIT, TEXT, TRAIN, symmetric


class Live(ItemContent):
    """Text that is trained."""

    def __init__(self) -> None:
        super().__init__()
        self.values = torch.nn.Parameter(TEXT.float())

    def forward(self) -> Tensor:
        return self.values


@pytest.mark.parametrize("live", [False, True])
def test_alpharec_by_loop(live: bool) -> None:
    torch.manual_seed(0)
    text = Live() if live else TEXT.float()
    model = LightGCN(
        ContentNodes(TRAIN, 6, INIT, partial(ContentOnly, projector=partial(MLP, hidden=7)), text), 2, Mean(True)
    )
    project, features = model.embedding.fusion.projector, TEXT.float()
    users = [features[TRAIN.items[TRAIN.users == u]].mean(0) for u in range(10)]
    first = project(torch.cat([torch.stack(users), features]))
    matrix = symmetric().float()
    expected = (first + matrix @ first + matrix @ matrix @ first) / 3
    encoded = model(BipartiteGraph(TRAIN, Symmetric(), None))
    torch.testing.assert_close(torch.cat([encoded.users, encoded.items]), expected)
    torch.testing.assert_close(encoded.content, project(features))
    names = {name for name, _ in model.named_parameters()}
    assert not {name for name in names if name.endswith(("users", "items"))}
    if live:
        encoded.users.sum().backward()
        assert text.values.grad.abs().sum() > 0  # type: ignore[union-attr]


def test_several_kinds_each_by_its_own_projector() -> None:
    """``f(v) = f_1(text) + f_2(images)``, of items and of the mean of a user's items."""
    torch.manual_seed(0)
    widths, projectors = {"text": 3, "images": 2}, {"text": partial(MLP, hidden=7), "images": Linear}
    project = partial(ProjectorPerKind, widths=widths, projectors=projectors)
    model = ContentNodes(TRAIN, 6, INIT, partial(ContentOnly, projector=project), TEXT.float())
    text, images = model.fusion.projector.projectors
    found, features = model()[0], TEXT.float()
    rows = [features[TRAIN.items[TRAIN.users == u]].mean(0) for u in range(10)] + list(features)
    wanted = torch.stack([text(row[:3]) + images(row[3:]) for row in rows])
    torch.testing.assert_close(found, wanted)


def test_cold_user_of_alpharec_is_no_number_out_of_nothing() -> None:
    train = Interactions(torch.tensor([0, 2]), torch.tensor([0, 1]), 3, 14)
    model = ContentNodes(train, 6, INIT, partial(ContentOnly, projector=Linear), TEXT.float())
    torch.testing.assert_close(model()[0][1], model.fusion.projector[0].bias)
