"""features=from_data: vectors that came with a data set are what the models get."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hydra.utils import instantiate
from torch import Tensor

from ltgnn.cli import main
from ltgnn.config.composing import compose_config
from ltgnn.data.catalog import load
from ltgnn.features.dataset_vectors import DatasetVectors
from ltgnn.features.transform import Keep, UnitLength
from ltgnn.inference.finished_run import load_finished_run
from ltgnn.inference.new_interactions import encode_new, extend_problem
from ltgnn.types import Dataset, Features, UserError
from tests.conftest import run_folders

ITEMS, SEEN = 24, 20
IMAGES = np.random.default_rng(0).normal(size=(ITEMS, 5)).astype(np.float32)
IMAGES[7] = 0
TEXTS = np.random.default_rng(1).normal(size=(ITEMS, 3)).astype(np.float32)
WITHOUT = IMAGES.copy()
WITHOUT[4] = np.nan


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """30 users and 24 items in MMRec's form, of which the first 20 occur; no image of item 7."""
    folder = tmp_path / "mmrec"
    folder.mkdir()
    rows = [
        f"{u}\t{(u * 7 + place * 3) % SEEN}\t{0 if place < 6 else place - 5}" for u in range(30) for place in range(8)
    ]
    (folder / "mmrec.inter").write_text("userID\titemID\tx_label\n" + "\n".join(rows) + "\n")
    np.save(folder / "image.npy", IMAGES)
    np.save(folder / "text.npy", TEXTS)
    return folder


def words(files: Path, *more: str) -> list[str]:
    vectors = ["+data.reader.vectors.image=image.npy", "data.reader.vectors.text=text.npy"]
    return ["data=mmrec", f"data.files.path={files}", *vectors, "split=official", "features=from_data", *more]


def made(*overrides: str) -> tuple[Dataset, Features]:
    """The data set and its features as a run has them."""
    cfg = compose_config("train", overrides)
    dataset = load(**instantiate(cfg.data, _convert_="all"))
    split = instantiate(cfg.split)(dataset)
    return dataset, instantiate(cfg.features)(dataset, split.train.item_counts)


def rows_of(dataset: Dataset, *files: np.ndarray) -> Tensor:
    """The rows of the files for the items that were kept, whose ids are their row numbers."""
    kept = [int(item) for item in dataset.item_ids]
    return torch.from_numpy(np.concatenate([rows[kept] for rows in files], axis=1))


def test_they_are_the_rows_of_the_files(files: Path) -> None:
    dataset, features = made(*words(files))
    assert dataset.num_items == ITEMS
    assert torch.equal(features.values, rows_of(dataset, IMAGES, TEXTS))
    assert features.card["missing"] == {"image": 1, "text": 0}
    assert features.card["vectors"] == {"image": 5, "text": 3}
    assert features.card["shape"] == [ITEMS, 8]


def test_items_that_were_dropped_take_theirs_along(files: Path) -> None:
    dataset, features = made(*words(files, "data.cleaning.keep_unseen_items=false"))
    assert dataset.num_items == SEEN
    assert torch.equal(features.values, rows_of(dataset, IMAGES, TEXTS))


@pytest.mark.parametrize("names", [["image"], ["text"], ["text", "image"]])
def test_by_name_in_the_order_given(files: Path, names: list[str]) -> None:
    dataset, features = made(*words(files, f"features.names=[{','.join(names)}]"))
    assert torch.equal(features.values, rows_of(dataset, *({"image": IMAGES, "text": TEXTS}[n] for n in names)))


def test_a_name_that_is_not_there(files: Path) -> None:
    with pytest.raises(UserError, match=r"features.names=\[sound\], but .* of mmrec|with mmrec are: image, text"):
        made(*words(files, "features.names=[sound]"))
    with pytest.raises(UserError, match=r"with shop are: none; .*another features="):
        DatasetVectors(None, Keep(), Keep())(Dataset("shop", {}, [], ["a"]), torch.ones(1))


def test_a_row_of_nan_is_a_missing_one() -> None:
    dataset = Dataset("shop", {}, [], list("abcdefgh"), item_vectors={"image": torch.from_numpy(WITHOUT[:8])})
    features = DatasetVectors(None, Keep(), Keep())(dataset, torch.ones(8))
    assert features.card["missing"] == {"image": 2}
    assert not features.values[4].any()
    some = torch.tensor([[1.0, torch.nan], [1.0, 2.0]])
    with pytest.raises(UserError, match=r"vectors of shop: feature 2 of 2 is nan for item 'a'"):
        DatasetVectors(None, Keep(), Keep())(
            Dataset("shop", {}, [], ["a", "b"], item_vectors={"v": some}), torch.ones(2)
        )


def test_the_key_follows_values_names_and_steps() -> None:
    def key(rows: np.ndarray, name: str = "image", transform: type = Keep) -> str:
        dataset = Dataset("shop", {}, [], [str(n) for n in range(ITEMS)], item_vectors={name: torch.from_numpy(rows)})
        return str(DatasetVectors(None, Keep(), transform())(dataset, torch.ones(ITEMS)).card["key"])

    other = IMAGES.copy()
    other[0, 0] += 1
    assert key(IMAGES) == key(IMAGES.copy())
    assert len({key(IMAGES), key(other), key(IMAGES, "sound"), key(IMAGES, transform=UnitLength)}) == 4


def test_they_outlive_an_import(files: Path, tmp_path: Path) -> None:
    given = [word for word in words(files) if not word.startswith(("features", "data="))]
    assert main(["data", "import", "mmrec", "--out", str(tmp_path / "set"), *given]) == 0
    dataset, features = made(
        "data=processed", f"data.files.path={tmp_path / 'set'}", "split=official", "features=from_data"
    )
    assert torch.equal(features.values, rows_of(dataset, IMAGES, TEXTS))


def test_a_trained_model_reads_them(launch: Callable[..., int], tmp_path: Path, files: Path) -> None:
    assert launch(*words(files), "fusion=content", "epochs=1") == 0
    (folder,) = run_folders(tmp_path)
    assert json.loads((folder / "features_card.json").read_text())["missing"] == {"image": 1, "text": 0}
    _, cfg, problem = load_finished_run(folder)
    assert problem.feature_matrix is not None
    assert torch.equal(problem.feature_matrix, rows_of(problem.dataset, IMAGES, TEXTS))

    known = encode_new(problem.dataset, problem.split.train, [("0", "21"), ("new", "0")], {})
    assert torch.equal(extend_problem(cfg, problem, known).feature_matrix, problem.feature_matrix)  # type: ignore[arg-type]
    unknown = encode_new(problem.dataset, problem.split.train, [("0", "99")], {})
    with pytest.raises(
        UserError, match="'99' is an item that the run does not know, and no vector of it came with mmrec"
    ):
        extend_problem(cfg, problem, unknown)


def test_beside_other_kinds_by_name(files: Path) -> None:
    image, text = "+features@features.parts.image=from_data", "+features@features.parts.text=from_data"
    names = ["features.parts.image.names=[image]", "features.parts.text.names=[text]"]
    transform = "features/transform@features.parts.text.transform=l2"
    given = [word for word in words(files) if not word.startswith("features")]
    dataset, features = made(*given, "features=joined", image, text, *names, transform)
    unit = TEXTS / np.linalg.norm(TEXTS, axis=1, keepdims=True)
    torch.testing.assert_close(features.values, rows_of(dataset, IMAGES, unit))
    assert features.card["widths"] == {"image": 5, "text": 3}
    with pytest.raises(UserError, match=r"features=joined has no parts: .*\+features@features.parts.NAME=OPTION"):
        made(*given, "features=joined")
