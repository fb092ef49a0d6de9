"""The text axis whole: fields in, features out, cached by content."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import torch

from ltgnn.text.encoders import HuggingFace
from ltgnn.text.features import ItemText, NoText
from ltgnn.text.store import FeatureStore

Make = Callable[..., HuggingFace]
FIELDS = {"title": ["Red soap", "Blue soap", ""], "year": ["1995", "", ""]}


def test_no_text() -> None:
    assert NoText()(FIELDS) is None


def test_features_are_those_of_the_rendered_texts(tiny: Make, tmp_path: Path) -> None:
    features = ItemText(tiny(), "{title} ({year})", FeatureStore(tmp_path))(FIELDS)
    torch.testing.assert_close(features.values, tiny()(["Red soap (1995)", "Blue soap", ""]))
    assert features.values.dtype == torch.float32
    assert features.card["empty"] == 1 / 3
    assert features.card["identity"]["template"] == "{title} ({year})"
    assert features.card["first"][0] == "Red soap (1995)"


def test_the_key_changes_with_all_that_decides_and_nothing_else(tiny: Make, tmp_path: Path) -> None:
    def key(encoder: HuggingFace | None = None, template: str = "{title}", **fields: list[str]) -> str:
        features = ItemText(encoder or tiny(), template, FeatureStore(tmp_path))({**FIELDS, **fields})
        return str(features.card["key"])

    same = key()
    assert key(tiny(batch_tokens=7)) == same
    assert key(year=["x", "y", "z"]) == same  # not in the template
    others = {
        key(title=["Red soaq", "Blue soap", ""]),
        key(title=["Blue soap", "Red soap", ""]),
        key(template="{title:s}"),  # renders to the same strings
        key(tiny(pooling="cls")),
        key(tiny(layer=1)),
        key(tiny(max_length=16)),
        key(tiny(dtype="bfloat16")),
        key(tiny(prompt="x")),
    }
    assert len(others | {same}) == 9


HIT = """
import logging, sys, time
logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
from ltgnn.text.encoders import HuggingFace
from ltgnn.text.features import ItemText
from ltgnn.text.store import FeatureStore
started = time.perf_counter()
encoder = HuggingFace(sys.argv[1], None, None, True, "mean", -1, 32, "", "float32", 2048, "cpu")
features = ItemText(encoder, "{title}", FeatureStore(sys.argv[2]))({"title": ["Red soap", "Blue soap"]})
print("seconds", time.perf_counter() - started)
print("heavy", sorted({"transformers", "tokenizers", "huggingface_hub", "sklearn"} & set(sys.modules)))
"""


def test_a_hit_loads_no_model_code(tiny_bert: Path, tmp_path: Path) -> None:
    def use() -> str:
        command = [sys.executable, "-c", HIT, str(tiny_bert), str(tmp_path)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    first, second = use(), use()
    assert "encoded in" in first
    assert "transformers" in first.split("heavy")[1]
    assert "hit" in second
    assert second.split("heavy")[1].strip() == "[]"
