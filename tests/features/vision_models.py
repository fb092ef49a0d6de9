"""Tiny vision models with random weights, saved as they are on the hub."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

SIZES = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}


def save_clip(folder: Path) -> Path:
    """A CLIP that sees 32 x 32 pixels and projects to 8 dimensions."""
    from transformers import CLIPConfig, CLIPModel

    text, vision = {**SIZES, "vocab_size": 50}, {**SIZES, "image_size": 32, "patch_size": 8}
    torch.manual_seed(0)
    model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=8))
    size = {"size": {"shortest_edge": 32}, "crop_size": {"height": 32, "width": 32}}
    return _save(model, {"image_processor_type": "CLIPImageProcessor", **size}, folder)


def save_vit(folder: Path) -> Path:
    """A ViT without a pooler, 32 x 32 pixels, 16 dimensions."""
    from transformers import ViTConfig, ViTModel

    torch.manual_seed(0)
    model = ViTModel(ViTConfig(**SIZES, image_size=32, patch_size=8), add_pooling_layer=False)
    size = {"size": {"height": 32, "width": 32}}
    return _save(model, {"image_processor_type": "ViTImageProcessor", **size}, folder)


def _save(model: Any, processor: dict[str, Any], folder: Path) -> Path:
    model.save_pretrained(folder)
    scale = {"image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.3, 0.4], "resample": 3}
    (folder / "preprocessor_config.json").write_text(json.dumps({**processor, **scale}))
    return folder
