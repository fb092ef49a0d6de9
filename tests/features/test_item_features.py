"""The text axis whole: a data set in, features out, cached by content."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hydra.utils import instantiate

from ltgnn.config.composing import compose_config
from ltgnn.features.controls import Random, Shuffled
from ltgnn.features.encoders import HuggingFace
from ltgnn.features.item_features import ItemNumbers, ItemText, ItemVectors, JoinedFeatures, NoFeatures
from ltgnn.features.precomputed import FeatureFile
from ltgnn.features.scaling import standardise
from ltgnn.features.store import FeatureStore
from ltgnn.features.transform import Centre, Keep, Principal, Step, UnitLength
from ltgnn.types import Dataset, Features, UserError
from tests.features.item_features_case import TRAIN_COUNTS

Make = Callable[..., HuggingFace]

FIELDS = {"title": ["Red soap", "Blue soap", "", "Comb"], "year": ["1995", "", "", ""]}


def shop(fields: dict[str, list[str]] = FIELDS, numbers: dict[str, torch.Tensor] | None = None) -> Dataset:
    return Dataset("shop", {}, ["u"], ["a", "b", "c", "d"], fields, numbers or {})


def item_text(encoder: Any, store: Path, template: str | None = "{title}", **steps: Step) -> ItemText:
    return ItemText(encoder, template, FeatureStore(store), **{"control": Keep(), "transform": Keep(), **steps})


def made(side: Any, dataset: Dataset | None = None, counts: torch.Tensor = TRAIN_COUNTS) -> Features:
    features = side(dataset or shop(), counts)
    assert features is not None
    return features


def test_no_text(tiny: Make, tmp_path: Path) -> None:
    assert NoFeatures()(shop(), TRAIN_COUNTS) is None
    assert item_text(tiny(), tmp_path, template=None)(shop({}), TRAIN_COUNTS) is None


def test_features_are_those_of_the_rendered_texts(tiny: Make, tmp_path: Path) -> None:
    features = made(item_text(tiny(), tmp_path, "{title} ({year})"))
    torch.testing.assert_close(features.values, tiny()(["Red soap (1995)", "Blue soap", "", "Comb"]))
    assert features.values.dtype == torch.float32
    assert features.card["empty"] == 0.25
    assert features.card["identity"]["template"] == "{title} ({year})"


def test_the_key_changes_with_all_that_decides_and_nothing_else(tiny: Make, tmp_path: Path) -> None:
    def key(encoder: HuggingFace | None = None, template: str = "{title}", **changes: Any) -> str:
        fields = {name: changes.pop(name) for name in ("title", "year") if name in changes}
        side = item_text(encoder or tiny(), tmp_path, template, **changes)
        return str(made(side, shop({**FIELDS, **fields})).card["key"])

    same = key()
    assert key(tiny(batch_tokens=7)) == same
    assert key(year=["x", "y", "z", ""]) == same  # not in the template
    others = [
        key(title=["Red soaq", "Blue soap", "", "Comb"]),
        key(title=["Blue soap", "Red soap", "", "Comb"]),
        key(template="{title:s}"),  # renders to the same strings
        key(tiny(pooling="cls")),
        key(tiny(layer=1)),
        key(tiny(max_length=16)),
        key(tiny(dtype="bfloat16")),
        key(tiny(prompt="x")),
        key(transform=Centre()),
        key(transform=UnitLength()),
        key(transform=Principal(2, whiten=False)),
        key(transform=Principal(2, whiten=True)),
        key(control=Shuffled(0)),
        key(control=Shuffled(1)),
        key(control=Random(0)),
        key(control=Shuffled(0), transform=Centre()),
    ]
    assert len({*others, same}) == len(others) + 1


def test_a_transform_is_fitted_on_train_items_only(tiny: Make, tmp_path: Path) -> None:
    side = item_text(tiny(), tmp_path, transform=Centre())
    raw, centred = made(item_text(tiny(), tmp_path)).values, made(side)
    torch.testing.assert_close(centred.values, raw - raw[[0, 1, 3]].mean(0))
    other = made(side, counts=torch.tensor([1, 1, 1, 1]))
    assert other.card["key"] != centred.card["key"]
    assert made(side, counts=TRAIN_COUNTS * 5).card["key"] == centred.card["key"]
    assert centred.card["steps"] == [{"class": "Centre"}]


def test_the_control_comes_before_the_transform(tiny: Make, tmp_path: Path) -> None:
    both = made(item_text(tiny(), tmp_path, control=Shuffled(0), transform=Centre())).values
    shuffled = made(item_text(tiny(), tmp_path, control=Shuffled(0))).values
    torch.testing.assert_close(both, shuffled - shuffled[[0, 1, 3]].mean(0))


def test_item_numbers(tmp_path: Path) -> None:
    numbers = {"price": torch.tensor([1.0, 3.0, 9.0, 5.0]), "rating": torch.ones(4)}
    side = ItemNumbers(["price"], FeatureStore(tmp_path), Keep(), Keep())
    features = made(side, shop(numbers=numbers))
    torch.testing.assert_close(features.values, standardise(numbers["price"][:, None], TRAIN_COUNTS > 0))
    assert features.card["columns"] == ["price"]
    numbers["price"] = torch.tensor([1.0, 3.0, 9.0, 6.0])
    assert made(side, shop(numbers=numbers)).card["key"] != features.card["key"]
    with pytest.raises(UserError, match=r"features.columns=\['cost'\].*price, rating"):
        ItemNumbers(["cost"], FeatureStore(tmp_path), Keep(), Keep())(shop(numbers=numbers), TRAIN_COUNTS)
    with pytest.raises(UserError, match="none"):
        ItemNumbers(None, FeatureStore(tmp_path), Keep(), Keep())(shop(), TRAIN_COUNTS)


def test_kinds_of_features_side_by_side(tiny: Make, tmp_path: Path) -> None:
    import numpy as np

    np.save(tmp_path / "image.npy", np.arange(12.0).reshape(4, 3))
    file = FeatureFile(str(tmp_path / "image.npy"), ids="order", width=3, missing="error", extra="error")
    text = item_text(tiny(), tmp_path)
    image = ItemVectors(file, FeatureStore(tmp_path), Keep(), Keep())
    features = made(JoinedFeatures({"text": text, "image": image}))
    assert features.card["widths"] == {"text": 16, "image": 3}
    assert torch.equal(features.values, torch.cat([made(text).values, torch.arange(12.0).reshape(4, 3)], 1))
    assert len(list(tmp_path.glob("*.safetensors"))) == 2  # each its own entry
    assert made(JoinedFeatures({"image": image})).card["key"] != features.card["key"]
    assert JoinedFeatures({"text": NoFeatures()})(shop(), TRAIN_COUNTS) is None


HIT = """
import logging, sys, time, torch
logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
from ltgnn.features.encoders import HuggingFace
from ltgnn.features.item_features import ItemText
from ltgnn.features.store import FeatureStore
from ltgnn.features.transform import Keep
from ltgnn.types import Dataset
encoder = HuggingFace(sys.argv[1], None, None, True, "mean", -1, 32, "", "float32", 2048, "cpu")
side = ItemText(encoder, "{title}", FeatureStore(sys.argv[2]), Keep(), Keep())
side(Dataset("shop", {}, [], ["a", "b"], {"title": ["Red soap", "Blue soap"]}), torch.ones(2))
print("heavy", sorted({"transformers", "tokenizers", "huggingface_hub", "sklearn"} & set(sys.modules)))
"""


def test_a_hit_loads_no_model_code(tiny_bert: Path, tmp_path: Path) -> None:
    def use() -> str:
        command = [sys.executable, "-c", HIT, str(tiny_bert), str(tmp_path)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    first, second = use(), use()
    assert "encoded in" in first
    assert "transformers" in first.split("heavy")[1]
    assert "found in the store" in second
    assert second.split("heavy")[1].strip() == "[]"


def test_without_a_template_all_fields_are_read(tiny: Make, tmp_path: Path) -> None:
    side = item_text(tiny(), tmp_path, template=None)
    assert side.template_for(shop()) == "{title}. {year}"
    features = side(shop(), TRAIN_COUNTS)
    assert features is not None
    assert features.card["identity"]["template"] == "{title}. {year}"


def test_a_further_kind_beside_those_of_a_word() -> None:
    further = ["+features@features.parts.image=precomputed", "features.parts.image.file.path=image.npy"]
    cfg = compose_config("train", ["features=minilm_numbers", *further, "features.parts.image.file.ids=order"], None)
    source = instantiate(cfg.features)
    assert {name: type(part) for name, part in source.parts.items()} == {
        "text": ItemText,
        "numbers": ItemNumbers,
        "image": ItemVectors,
    }
    assert source.parts["image"].file.path == Path("image.npy")
