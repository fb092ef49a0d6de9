"""Vision models against a forward pass written out, and what of a folder is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from ltgnn.features.pictures import Unread
from ltgnn.features.vision import Vision, pool
from ltgnn.types import UserError
from tests.features.images_case import draw

PICTURES = [draw(1), draw(2, (40, 90)), draw(3, (32, 32))]


def by_hand(picture: Image.Image, crops: bool) -> Tensor:
    """Resized by Pillow (the shorter side to 32 and the middle cut out, or both sides to 32), scaled, normalised."""
    width, height = picture.size
    if crops:
        short = min(width, height)
        picture = picture.resize((int(32 * width / short), int(32 * height / short)), Image.Resampling.BICUBIC)
        left, top = (picture.width - 32) // 2, (picture.height - 32) // 2
        picture = picture.crop((left, top, left + 32, top + 32))
    else:
        picture = picture.resize((32, 32), Image.Resampling.BICUBIC)
    scaled = (np.asarray(picture) / 255 - [0.5, 0.4, 0.3]) / [0.2, 0.3, 0.4]
    return torch.from_numpy(scaled).permute(2, 0, 1).float()


def vectors(encoder: Vision, pictures: list[Image.Image]) -> Tensor:
    prepare, encode = encoder.load()
    pixels = [prepare(picture) for picture in pictures]
    assert not any(isinstance(one, Unread) for one in pixels)
    return encode(pixels)  # type: ignore[arg-type]


def test_clip_projects_to_the_shared_space(vision: Callable[..., Vision], tiny_clip: Path) -> None:
    from transformers import CLIPModel

    model = CLIPModel.from_pretrained(tiny_clip).eval()
    pixels = torch.stack([by_hand(picture, crops=True) for picture in PICTURES])
    with torch.no_grad():
        seen = model.vision_model(pixel_values=pixels)
        projected = model.visual_projection(seen.pooler_output)
    assert projected.std() > 0.01
    wanted = {
        "auto": projected,
        "projected": projected,
        "pooled": seen.pooler_output,
        "first": seen.last_hidden_state[:, 0],
        "mean": seen.last_hidden_state.mean(1),
    }
    for output, values in wanted.items():
        torch.testing.assert_close(vectors(vision(output=output), PICTURES), values, rtol=1e-4, atol=1e-5)


def test_a_transformer_without_texts(vision: Callable[..., Vision], tiny_vit: Path) -> None:
    from transformers import ViTModel

    model = ViTModel.from_pretrained(tiny_vit, add_pooling_layer=False).eval()
    with torch.no_grad():
        states = model(torch.stack([by_hand(picture, crops=False) for picture in PICTURES])).last_hidden_state
    found = vectors(vision(model=str(tiny_vit)), PICTURES)
    torch.testing.assert_close(found, states[:, 0], rtol=1e-4, atol=1e-5)
    with pytest.raises(UserError, match=r"output=projected, but ViTModel has no space"):
        vectors(vision(model=str(tiny_vit), output="projected"), PICTURES)
    with pytest.raises(UserError, match=r"lack .*pooler.*, which would be random"):
        vision(model=str(tiny_vit), output="pooled").load()


def test_a_convolutional_network_is_averaged_over_places() -> None:
    from transformers import ResNetConfig, ResNetModel

    torch.manual_seed(0)
    config = ResNetConfig(embedding_size=8, hidden_sizes=[8, 12], depths=[1, 1], layer_type="basic")
    model = ResNetModel(config).eval()
    pixels = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        states = model(pixels).last_hidden_state
        assert states.dim() == 4
        torch.testing.assert_close(pool(model, pixels, "auto"), states.flatten(2).mean(2))
        torch.testing.assert_close(pool(model, pixels, "pooled"), states.flatten(2).mean(2))


def test_batches_change_nothing(vision: Callable[..., Vision], monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does a device that has the memory for one image only."""
    _, encode = vision().load()
    pixels = [by_hand(picture, crops=True) for picture in PICTURES]
    whole = encode(pixels)
    sizes = []

    def small(model: Any, batch: Tensor, output: str) -> Tensor:
        sizes.append(len(batch))
        if len(batch) > 1:
            raise torch.cuda.OutOfMemoryError("no memory")
        return pool(model, batch, output)

    monkeypatch.setattr("ltgnn.features.vision.pool", small)
    torch.testing.assert_close(encode(pixels), whole, rtol=1e-5, atol=1e-6)
    assert sizes == [3, 1, 2, 1, 1]


def test_the_identity_is_what_decides_the_vectors(
    vision: Callable[..., Vision], tiny_clip: Path, tmp_path: Path
) -> None:
    encoder = vision()
    assert encoder.identity == vision(batch_size=1).identity
    assert json.loads(json.dumps(encoder.identity)) == encoder.identity
    assert encoder.identity != vision(output="mean").identity
    assert encoder.identity != vision(max_pixels=7).identity
    moved = Path(shutil.copytree(tiny_clip, tmp_path / "moved"))
    assert vision(model=str(moved)).identity == encoder.identity
    described = json.loads((moved / "preprocessor_config.json").read_text())
    (moved / "preprocessor_config.json").write_text(json.dumps({**described, "image_std": [1, 1, 1]}))
    assert vision(model=str(moved)).identity != encoder.identity


def test_what_is_no_vision_model_is_refused(vision: Callable[..., Vision], tiny_bert: Path) -> None:
    with pytest.raises(UserError, match="cannot load the image processor"):
        vision(model=str(tiny_bert)).load()
    with pytest.raises(UserError, match=r"not to features.encoder.weights_sha256=abc"):
        _ = vision(weights_sha256="abc").identity
    with pytest.raises(UserError, match="output=best is not one of auto, projected"):
        vision(output="best")


def test_an_image_that_the_processor_refuses_has_a_reason(
    vision: Callable[..., Vision], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: Any) -> None:
        raise ValueError("Unable to infer channel dimension format")

    monkeypatch.setattr(Vision, "_processor", lambda encoder: refuse)
    prepare, _ = vision().load()
    assert prepare(draw(1)) == Unread("refused by the image processor of the model")
