"""What the card and the log say of features: overflow, zeros, sameness, cut and unknown texts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ltgnn.features.checks import measure, refuse_overflow, warnings
from ltgnn.features.encoders import HuggingFace
from ltgnn.features.item_features import ItemNumbers, ItemText, JoinedFeatures
from ltgnn.features.store import FeatureStore
from ltgnn.features.transform import Keep, Principal
from ltgnn.types import UserError
from tests.features.checks_case import COUNTS, Fixed, dataset, features

Make = Callable[..., HuggingFace]


def test_shares_of_items() -> None:
    assert measure(torch.tensor([[0.0, 0], [1, 0], [1, 0], [3, 4]])) == {"zero": 0.25, "same": 0.5, "longest": 5.0}
    assert measure(torch.eye(3)) == {"zero": 0.0, "same": 0.0, "longest": 1.0}
    assert measure(torch.zeros(2, 3)) == {"zero": 1.0, "same": 0.0, "longest": 0.0}
    assert measure(torch.zeros(0, 3)) == {"zero": 0.0, "same": 0.0, "longest": 0.0}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([[0.0, 0], [0, 0], [1, 0], [0, 1]], ["50.0% of the items have all-zero features"]),
        ([[1.0, 2], [1, 2], [1, 2], [1, 2]], ["100.0% of the items have identical features"]),
        ([[1e6, 2], [1, 2], [1, 3], [1, 4]], ["reach a length of 1e+06"]),
        ([[1.0, 0], [0, 1], [1, 1], [2, 1]], []),
    ],
)
def test_features_that_say_little_are_said(
    rows: list[list[float]], words: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in ("made", "found in the store"):
        caplog.clear()
        with caplog.at_level("INFO"):
            card = features(Fixed(rows), tmp_path).card
        assert len(card["warnings"]) == len(words)
        for word, said in zip(words, card["warnings"], strict=True):
            assert word in said
            assert said in [record.message for record in caplog.records if record.levelname == "WARNING"]
        assert any("all-zero" in text and "empty text 0.0%" in text for text in caplog.messages)


@pytest.mark.parametrize("value", [1e30, -1e20, float("inf")])
def test_item_numbers_that_overflow_are_refused_by_name(value: float, tmp_path: Path) -> None:
    data = dataset(price=[1.0, 2.0, value, 3.0])
    with pytest.raises(UserError, match="the number 'price' of item 'c' is"):
        ItemNumbers(None, FeatureStore(tmp_path), Keep(), Keep())(data, COUNTS)


def test_large_numbers_may_be_scaled_first(tmp_path: Path) -> None:
    rows = [[1e16, 0.0], [0, 1e16], [-1e16, 0], [0, -1e16]]
    found = features(Fixed(rows), tmp_path, transform=Principal(dim=None, whiten=True))
    refuse_overflow(found.values, "", [])
    assert found.values.abs().max() < 10


def test_number_columns_that_say_nothing(tmp_path: Path) -> None:
    nan = float("nan")
    data = dataset(price=[5.0, 5.0, 7.0, 5.0], year=[nan, nan, 3.0, nan], stars=[1.0, nan, 2.0, 3.0])
    found = ItemNumbers(None, FeatureStore(tmp_path), Keep(), Keep())(data, COUNTS)
    assert found.card["constant"] == ["price"]  # over the items seen in training
    assert found.card["absent"] == ["year"]
    assert [("price" in text, "year" in text) for text in found.card["warnings"]] == [(True, False), (False, True)]


def test_several_kinds_say_whose_warning_it_is(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path)
    text = ItemText(Fixed([[0.0], [0], [1], [2]]), "{title}", store, Keep(), Keep())
    numbers = ItemNumbers(None, store, Keep(), Keep())
    found = JoinedFeatures({"text": text, "numbers": numbers})(dataset(price=[5.0, 5.0, 5.0, 5.0]), COUNTS)
    assert found is not None
    assert [text.partition(":")[0] for text in found.card["warnings"]] == ["text", "numbers", "numbers"]


@pytest.mark.parametrize(
    ("titles", "words"),
    [
        (["Wireless headphones", "Red running shoes", "Toy Story (1995)", "Ein Buch über Käse"], ""),
        (["防水儿童保温杯", "迷你防儿线红登山鞋", "无线蓝牙耳机", "儿童红色保温杯"], "of the tokens are unknown"),
        (["รองเท้าวิ่งผู้ชาย", "กระเป๋าเดินทาง", "หูฟังไร้สาย", "เมาส์ไร้สาย"], "of the tokens are unknown"),
        (["Беспроводные наушники", "Красные кроссовки", "Мышь", "Сыр"], "into single letters"),
        (["무선 이어폰", "빨간 운동화", "치즈", "마우스"], "into single letters"),
        (["Wireless " * 300, "Red shoes", "Toy Story", "Cheese"], "25.0% of the texts are longer than 128 tokens"),
        (["", "Red shoes", "Toy Story", "Cheese"], "25.0% of the items have an empty text"),
    ],
)
def test_a_language_that_does_not_fit(titles: list[str], words: str, minilm: Make, tmp_path: Path) -> None:
    encoder = minilm()
    store, texts = FeatureStore(tmp_path), dataset(titles)
    encoder_of_zeros = Fixed(torch.eye(4).tolist())
    encoder_of_zeros.reading = encoder.reading  # type: ignore[method-assign]  # the tokenizer alone: no need to encode
    side = ItemText(encoder_of_zeros, "{title}", store, Keep(), Keep())
    found = side(texts, COUNTS)
    assert found is not None
    assert bool(found.card["warnings"]) == bool(words)
    assert words in "".join(found.card["warnings"])
    assert found.card["reading"]["texts"] == len([title for title in titles if title])


def test_a_card_of_before_is_completed_once(tmp_path: Path) -> None:
    import json

    first = features(Fixed([[0.0], [0], [1], [2]]), tmp_path)
    (file,) = tmp_path.glob("*.json")
    old = {name: value for name, value in first.card.items() if name not in ("features", "warnings")}
    file.write_text(json.dumps(old))
    again = features(Fixed([[9.0], [9], [9], [9]]), tmp_path)  # not asked
    assert torch.equal(again.values, first.values)
    assert again.card["warnings"] == first.card["warnings"] != []
    assert json.loads(file.read_text())["features"]["zero"] == 0.5


def test_nothing_to_say_of_nothing() -> None:
    assert warnings({}) == []
