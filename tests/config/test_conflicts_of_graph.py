"""What convolutions and graphs do not do together, said before any data are read."""

from __future__ import annotations

import pytest

from ltgnn.config.check import refuse_wrong_values
from tests.config.check_case import composed, refused

pytestmark = pytest.mark.usefixtures("no_job", "hydra_tree")

PYG = "model=pyg"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ([PYG, "graph=relations_learned"], "model=pyg model/conv=lgconv sends messages of its own along the edges"),
        ([PYG, "graph=lightgcnpp"], "graph.message changes what a node sends"),
        ([PYG, "model/conv=sage", "graph=events"], "SAGEConv takes no weights, but edges of this graph= differ"),
        ([PYG, "model/conv=sage", "graph=decay"], "model/conv=lgconv, gatv2 or transformer"),
        ([PYG, "model/conv=sage", "graph=semantic", "features=minilm"], "SAGEConv takes no weights"),
        ([PYG, "model/conv=rgcn"], "model/conv=rgcn treats messages by their relation, which graph=symmetric does"),
        (
            [PYG, "model/conv=hgt", "graph=relations_learned"],
            "graph=relations_learned does not tell: set graph=relations",
        ),
        ([PYG, "model/conv=hgt", "graph=relations", "graph/strength=events"], "HGTConv takes no weights"),
        (["model=kgat"], "model=kgat treats messages by their relation, which graph=symmetric does not tell"),
        (["model=kgat", "graph=relations", "graph/item_edges=content", "features=minilm"], "without graph/item_edges"),
        ([PYG, "views=edge_drop", "loss=bpr_infonce"], "views=edge_drop does not tell of the graphs it makes"),
        (["model=kgat", "graph=relations", "views=node_drop", "loss=bpr_infonce"], "views=node_drop does not tell"),
        (
            [PYG, "model.encoder.conv._target_=torch_geometric.nn.RGCNConv", "model/conv=sage"],
            "RGCNConv.forward needs x, edge_index, edge_type; one that needs x and edge_index wanted",
        ),
        ([PYG, "model.encoder.weights=edge_weight", "model/conv=sage"], "SAGEConv.forward has no such argument"),
        ([PYG, "model/conv=gatv2", "model.encoder.conv.heads=2", "model.encoder.conv.concat=true"], "width 128 of 64"),
        (
            [PYG, "model/conv=sage", "model.encoder.conv.out_channels=8"],
            "states of width 8 of 64; the same wanted. Set",
        ),
    ],
)
def test_what_does_not_go_together_is_refused_at_once(overrides: list[str], message: str) -> None:
    assert message in refused(*overrides)


@pytest.mark.parametrize(
    "overrides",
    [
        [PYG],
        [PYG, "graph=events"],
        [PYG, "graph=semantic", "features=minilm"],
        [PYG, "graph=relations", "model/conv=sage"],
        [PYG, "model/conv=gatv2", "model.encoder.conv.heads=2"],
        [PYG, "views=simgcl", "loss=bpr_infonce"],
        [PYG, "graph=relations", "model/conv=rgcn"],
        [PYG, "graph=relations", "model/conv=hgt", "model.encoder.conv.heads=4"],
        ["model=kgat", "graph=relations"],
        ["views=edge_drop", "loss=bpr_infonce", "graph=lightgcnpp"],
    ],
)
def test_what_goes_together_is_not(overrides: list[str]) -> None:
    cfg, choices = composed("train", *overrides)
    refuse_wrong_values(cfg, "train", choices)
