"""Data sets by name: one of the catalogue, a folder that ltgnn wrote, or that of a run."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import ltgnn
from ltgnn.testing import toy
from tests.experiment.dataset_case import EVENTS


def test_names_of_data(empty: Path) -> None:
    with pytest.raises(ltgnn.UserError, match="Did you mean ml100k"):
        ltgnn.load_dataset("ml100")
    with pytest.raises(ltgnn.UserError, match="neither a run"):
        ltgnn.load_dataset(empty)
    with pytest.raises(ltgnn.UserError, match="A frame becomes a data set by"):
        ltgnn.train(pl.DataFrame(EVENTS))  # type: ignore[arg-type]
    with pytest.raises(ltgnn.UserError, match="that no command can name"):
        ltgnn.train(toy.dataset())  # type: ignore[arg-type]
    assert ltgnn.load_dataset("ml100k", {"data.cleaning.min_rating": 5}).overrides[-1] == "data.cleaning.min_rating=5"
