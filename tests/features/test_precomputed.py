"""Vectors from files: every format, every way to name the rows, every mistake."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from safetensors.torch import save_file

from ltgnn.features.item_features import ItemVectors
from ltgnn.features.precomputed import FeatureFile
from ltgnn.features.store import FeatureStore
from ltgnn.features.transform import Keep
from ltgnn.types import UserError
from tests.features.checks_case import COUNTS, Fixed, dataset, features

IDS = ["007", "7", "b"]

VALUES = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])


def feature_file(path: Path, ids: str = "order", **changes: object) -> FeatureFile:
    options: dict[str, object] = {"width": None, "missing": "error", "extra": "error", **changes}
    return FeatureFile(str(path), ids, **options)  # type: ignore[arg-type]


def written(folder: Path, kind: str) -> Path:
    path = folder / f"vectors.{kind}"
    if kind == "npy":
        np.save(path, VALUES.numpy())
    elif kind == "safetensors":
        save_file({"image": VALUES}, path)
    return path


@pytest.mark.parametrize("kind", ["npy", "safetensors"])
def test_rows_in_the_order_of_the_items(tmp_path: Path, kind: str) -> None:
    assert torch.equal(feature_file(written(tmp_path, kind))(IDS), VALUES)


@pytest.mark.parametrize("kind", ["npy", "safetensors"])
def test_rows_named_in_a_file_follow_the_items(tmp_path: Path, kind: str) -> None:
    (tmp_path / "ids.txt").write_text("b\n007\n7\n")
    values = feature_file(written(tmp_path, kind), str(tmp_path / "ids.txt"))(IDS)
    assert torch.equal(values, VALUES[[1, 2, 0]])


def test_row_numbers_as_raw_ids(tmp_path: Path) -> None:
    assert torch.equal(feature_file(written(tmp_path, "npy"), "rows")(["2", "0", "1"]), VALUES[[2, 0, 1]])


@pytest.mark.parametrize("form", ["list", "array", "columns"])
def test_parquet(tmp_path: Path, form: str) -> None:
    path = tmp_path / "vectors.parquet"
    frame = pl.DataFrame({"item": ["b", "007", "7"]})
    if form == "columns":
        frame = frame.with_columns(x=pl.Series([1, 3, 5]), note=pl.lit("x"), y=pl.Series([2.0, 4.0, 6.0]))
    else:
        kind = pl.List(pl.Float64) if form == "list" else pl.Array(pl.Float32, 2)
        frame = frame.with_columns(vector=pl.Series(VALUES.tolist(), dtype=kind))
    frame.write_parquet(path)
    assert torch.equal(feature_file(path, "item")(IDS), VALUES[[1, 2, 0]])


def test_gaps_and_strangers_can_be_allowed(tmp_path: Path) -> None:
    path = written(tmp_path, "npy")
    (tmp_path / "ids.txt").write_text("b\n007\nstranger")
    allowed = feature_file(path, str(tmp_path / "ids.txt"), missing="zero", extra="ignore")
    assert torch.equal(allowed(IDS), torch.tensor([[3.0, 4.0], [0.0, 0.0], [1.0, 2.0]]))


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        (
            "b\n007\nstranger\n",
            ["1 row of items that are not in the data set: stranger", "features.file.extra=ignore"],
        ),
        ("b\n007\n007\n", ["more than once: 007"]),
        ("b\n007\n", ["3 rows", "names 2 items"]),
    ],
)
def test_wrong_ids(tmp_path: Path, ids: str, words: list[str]) -> None:
    (tmp_path / "ids.txt").write_text(ids)
    with pytest.raises(UserError) as caught:
        feature_file(written(tmp_path, "npy"), str(tmp_path / "ids.txt"))(IDS)
    assert all(word in str(caught.value) for word in [*words, "vectors.npy"])


def test_missing_items(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"lacks 2 of 3 items: 007, b.*features.file.missing=zero"):
        feature_file(written(tmp_path, "npy"), "rows", extra="ignore")(["007", "0", "b"])


def test_rows_with_nan(tmp_path: Path) -> None:
    np.save(tmp_path / "vectors.npy", np.array([[1.0, 2.0], [np.nan, 1.0], [np.inf, 1.0]]))
    with pytest.raises(UserError, match=r"NaN or infinity for 2 items: 7, b"):
        feature_file(tmp_path / "vectors.npy")(IDS)


def test_wrong_width_and_shape(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"shape \(3, 2\); wanted 5 columns"):
        feature_file(written(tmp_path, "npy"), width=5)(IDS)
    np.save(tmp_path / "vectors.npy", np.zeros(3))
    with pytest.raises(UserError, match=r"shape \(3,\)"):
        feature_file(tmp_path / "vectors.npy")(IDS)


def test_other_number_of_rows_in_order(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"3 rows for 2 items"):
        feature_file(written(tmp_path, "npy"))(IDS[:2])


def test_ragged_lists(tmp_path: Path) -> None:
    pl.DataFrame({"item": IDS, "v": [[1.0], [1.0, 2.0], [1.0]]}).write_parquet(tmp_path / "v.parquet")
    with pytest.raises(UserError, match="lists of 1 to 2 numbers"):
        feature_file(tmp_path / "v.parquet", "item")(IDS)
    with pytest.raises(UserError, match=r"features.file.ids=asin is not a column"):
        feature_file(tmp_path / "v.parquet", "asin")(IDS)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"features.file.path=.*absent.npy: no such file"):
        _ = feature_file(tmp_path / "absent.npy").identity
    (tmp_path / "broken.npy").write_bytes(b"rubbish")
    with pytest.raises(UserError, match=r"broken.npy cannot be read"):
        feature_file(tmp_path / "broken.npy")(IDS)
    (tmp_path / "vectors.csv").write_text("1,2")
    with pytest.raises(UserError, match=r"wanted .npy, .safetensors or .parquet"):
        feature_file(tmp_path / "vectors.csv")(IDS)


def test_the_identity_follows_the_bytes_of_file_and_ids(tmp_path: Path) -> None:
    path = written(tmp_path, "npy")
    (tmp_path / "ids.txt").write_text("b\n007\n7\n")
    named = feature_file(path, str(tmp_path / "ids.txt"))
    assert named.identity != feature_file(path).identity
    (tmp_path / "ids.txt").write_text("007\nb\n7\n\n")
    assert feature_file(path, str(tmp_path / "ids.txt")).identity != named.identity


@pytest.mark.parametrize("value", [1e30, -1e16, float("inf"), float("nan"), 3e38])
def test_numbers_that_overflow_are_refused_by_name(value: float, tmp_path: Path) -> None:
    rows = [[1.0, 2.0], [1, 2], [3, value], [0, 1]]
    with pytest.raises(UserError, match=r"text features of Fixed: feature 2 of 2 is .* for item 'c' \(1 such item\)"):
        features(Fixed(rows), tmp_path / "text")
    file = tmp_path / "vectors.npy"
    np.save(file, np.array(rows, np.float32))
    side = ItemVectors(FeatureFile(str(file), "order", 2, "error", "error"), FeatureStore(tmp_path), Keep(), Keep())
    with pytest.raises(UserError, match=r"vectors.npy.*c"):
        side(dataset(), COUNTS)
