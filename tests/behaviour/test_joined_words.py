"""``features=a+b``: kinds of features side by side in one word, from the command line to a trained run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from omegaconf import DictConfig, OmegaConf

from ltgnn.build import build_problem
from ltgnn.cli import main
from ltgnn.config.composing import compose_config
from ltgnn.types import UserError
from tests.conftest import run_folders
from tests.features.images_case import draw, encoded
from tests.features.vision_models import save_clip


def test_a_word_of_words_is_joined_with_named_parts() -> None:
    parts = ["+features@features.parts.minilm=minilm", "+features@features.parts.numbers=numbers"]
    one, joined = (
        compose_config("train", words).features for words in (["features=minilm+numbers"], ["features=joined", *parts])
    )
    assert one == joined


def test_parts_are_set_by_their_words() -> None:
    words = ["features=minilm_numbers+tfidf+categories", "features.parts.categories.fields=[brand]"]
    words += ["features/transform@features.parts.tfidf.transform=l2", "features.parts.tfidf.encoder.dim=7"]
    parts = compose_config("train", words).features.parts
    assert list(parts) == ["minilm_numbers", "tfidf", "categories"]
    assert list(parts.minilm_numbers.parts) == ["text", "numbers"]
    assert parts.tfidf.transform._target_ == "ltgnn.features.transform.UnitLength"
    assert parts.tfidf.encoder.dim == 7


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("minilm+imges", r"Could not find 'features/imges'. Did you mean 'features=images'"),
        ("minilm+minilm", r"Could not find 'features/minilm\+minilm'. "),
        ("minilm+", r"Could not find 'features/minilm\+'. "),
    ],
)
def test_words_that_are_not_there(word: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        compose_config("train", [f"features={word}"])


def test_only_features_are_joined() -> None:
    with pytest.raises(UserError, match=r"Could not find 'loss/bpr\+softmax'"):
        compose_config("train", ["loss=bpr+softmax"])


def test_a_list_of_words_is_told_how_to_join_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "features=[minilm,images]"]) == 1
    assert "Side by side: features=minilm+images." in capsys.readouterr().err


@pytest.fixture
def words_of_a_shop(tmp_path: Path) -> list[str]:
    """A data set whose items have a title, a price, a genre and an image, but one."""
    folder = tmp_path / "shop"
    folder.mkdir()
    pairs = [f"u{user},i{(user + step) % 12}" for user in range(20) for step in range(10)]
    (folder / "interactions.csv").write_text("\n".join(["user_id,item_id", *pairs]) + "\n")
    rows = [f"i{item},the title {item % 4},{item + 1},genre{item % 3},{item}.png" for item in range(12)]
    rows[5] = "i5,,,,"
    (folder / "items.csv").write_text("\n".join(["item_id,title,price,genre,image", *rows]) + "\n")
    for item in range(12):
        (folder / f"{item}.png").write_bytes(encoded(draw(item)))
    clip = save_clip(tmp_path / "clip")
    return [
        *("data=table", f"data.files.path={folder}", "data.reader.items=items.csv", "data.template='{title}'"),
        *(f"+data.reader.item_fields.{name}={name}" for name in ("title", "genre", "image")),
        *("+data.reader.item_numbers.price=price", "split=random"),
        *("features=tfidf+numbers+categories+images", "features.parts.categories.fields=[genre]"),
        *("features.parts.tfidf.encoder.dim=3", "features.parts.images.source.column=image"),
        *(f"features.parts.images.source.folder={folder}", f"features.parts.images.encoder.model={clip}"),
    ]


def test_four_kinds_from_files_to_lists(
    launch: Callable[..., int], words_of_a_shop: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two runs of a sweep, whose images are encoded once; then the lists of one, from its folder alone."""
    assert launch(*words_of_a_shop, "fusion=sum,content", "epochs=2", "-m") == 0
    first, second = run_folders(tmp_path)
    card = json.loads((first / "features_card.json").read_text())
    assert card["widths"] == {"tfidf": 3, "numbers": 2, "categories": 3, "images": 8}
    assert card["known"] == dict.fromkeys(card["widths"], 11)
    assert card["parts"]["images"]["images"]["missing"] == {"no image given": {"items": 1, "such as": ["i5"]}}
    assert card["key"] == json.loads((second / "features_card.json").read_text())["key"]

    cfg = OmegaConf.load(first / "config.yaml")
    assert isinstance(cfg, DictConfig)
    assert cfg.choices.features == "tfidf+numbers+categories+images"
    problem = build_problem(cfg)
    assert problem.features is not None
    blocks = problem.features.blocks
    columns = {"tfidf": slice(0, 3), "numbers": slice(3, 5), "categories": slice(5, 8), "images": slice(8, 16)}
    assert {name: block.columns for name, block in blocks.items()} == columns
    at = problem.dataset.item_ids.index("i5")
    assert all(torch.nonzero(~block.known).flatten().tolist() == [at] for block in blocks.values())

    capsys.readouterr()
    assert main(["recommend", f"run={first}", "users=all", f"out={tmp_path / 'lists.parquet'}"]) == 0
    assert (tmp_path / "lists.parquet").is_file()
