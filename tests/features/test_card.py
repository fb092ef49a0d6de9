"""What the card of features says of texts and vectors."""

from __future__ import annotations

import torch

from ltgnn.features.card import describe, features_in_words


def test_figures_of_texts_and_neighbours() -> None:
    found = describe(["ab", "", "abcd", "ab"], torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 2.0], [1.0, 0.1]]))
    assert (found["items"], found["empty"], found["distinct"]) == (4, 0.25, 3)
    assert found["characters"] == {"mean": 2.0, "median": 2.0, "p95": 2, "max": 4}
    first = found["neighbours"][0]
    assert first["item"] == "ab"
    assert first["nearest"][0] == {"item": "ab", "cosine": 0.995}


def test_a_line_for_each_kind() -> None:
    card = {"identity": {"encoder": {"class": "MiniLM", "pooling": "mean"}, "template": "{title}"}, "shape": [4, 2]}
    assert features_in_words(card, "minilm") == "minilm: MiniLM, mean pooling, template '{title}'; 4 x 2"
    assert features_in_words({"parts": {"a": card}}, "two") == "two: a: MiniLM, mean pooling, template '{title}'; 4 x 2"
    assert features_in_words({}) is None
