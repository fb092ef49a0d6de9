"""A ``HeteroData`` to a folder that ltgnn writes, so that commands find the data set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ltgnn.config.composing import compose_config
from ltgnn.data.catalog import load
from ltgnn.data.cleaning import Cleaning
from ltgnn.data.hetero_raw import HeteroNames
from ltgnn.experiment.frame_import import keep
from ltgnn.experiment.process_state import ONE_AT_A_TIME, hydra_put_back
from ltgnn.types import UserError

if TYPE_CHECKING:
    from torch_geometric.data import HeteroData

AS_GIVEN = Cleaning(None, None, None, 1, 1, True, True)
"""Repeated pairs are removed; all nodes stay, and keep their numbers."""


def import_hetero_data(data: HeteroData, names: HeteroNames, name: str) -> Path:
    """The folder with the tables (below ``pyg/``), made unless the same are there already."""
    from torch_geometric.data import HeteroData

    if not isinstance(data, HeteroData):
        raise UserError(f"data: {type(data).__name__} given, torch_geometric.data.HeteroData wanted.")
    dataset = load(Path, lambda _: names.raw(data), AS_GIVEN, name)
    with ONE_AT_A_TIME, hydra_put_back():
        root = Path(str(compose_config("train", ["data=processed"], only=("data",)).paths.data_dir))
    return keep(dataset, root / "pyg", name)
