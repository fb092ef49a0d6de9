"""The encoder in a folder that ``ltgnn finetune`` wrote."""

from __future__ import annotations

from pathlib import Path

from ltgnn.features.encoders import HuggingFace
from ltgnn.io.bounded_read import read_json
from ltgnn.types import Damaged, TextEncoder, UserError, of_kind

READING = ("pooling", "layer", "max_length", "prompt")
"""What ``reading.json`` of a tuned encoder says."""


def open_encoder(encoder: TextEncoder | str) -> TextEncoder:
    """The encoder given, or that in a folder of `ltgnn finetune`."""
    made = load_tuned(encoder) if isinstance(encoder, str) else encoder
    return of_kind(made, TextEncoder, "features.encoder")  # type: ignore[type-abstract]


def load_tuned(folder: str) -> HuggingFace:
    """The encoder in a folder that `ltgnn finetune` wrote; ``reading.json`` there says how it is read."""
    path = Path(folder).expanduser() / "reading.json"
    if not path.is_file():
        raise UserError(
            f"features.encoder={folder} is not a folder of `ltgnn finetune` (it lacks reading.json); "
            "for any other encoder set features=folder features.encoder.model=ID_OR_FOLDER"
        )
    reading = read_json(path.parent, path.name) or {}
    if set(reading) != set(READING):
        raise Damaged(f"{path.parent}: {path.name} has the keys {', '.join(reading)}; wanted {', '.join(READING)}.")
    return HuggingFace(
        model=str(path.parent),
        weights_sha256=None,
        revision=None,
        local_files_only=True,
        dtype="float32",
        batch_tokens=2048,
        device="auto",
        **reading,
    )
