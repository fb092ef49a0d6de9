"""What a card says of where its features come from."""

from __future__ import annotations

from ltgnn.features.store import key_of
from ltgnn.features.store_use import descriptions_mark, images_mark, uses


def test_parts_count_like_the_whole() -> None:
    encoder = {"class": "Vision", "weights": "abc"}
    described = {"writer": {}, "prompt": "{item}", "again": None, "parts": ["a"], "longest": 3, "reading": 1}
    words = {"key": "k2", "sha256": "s2", "described": {**described, "text": "{item}", "cost": {"texts": 3}}}
    images = {"key": "k3", "sha256": "s3", "identity": {"class": "ItemImages", "encoder": encoder}}
    assert uses(images) == {"k3", "s3", "downloads", images_mark(key_of(encoder, []))}
    assert uses(words) == {"k2", "s2", descriptions_mark(key_of(described, []))}
    assert uses({"key": "k1", "parts": {"a": images, "b": words}}) == {"k1"} | uses(images) | uses(words)
    assert uses({}) == set()
