"""Frozen vision models that turn pictures into vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import torch
from annotated_types import Ge
from torch import Tensor

from ltgnn.features.model_source import PROCESSOR, checked_weights, description_hash, locate
from ltgnn.features.pictures import Unread
from ltgnn.features.precision import DTYPES, Dtype, find_device, find_precision, products_in
from ltgnn.io.file_digest import file_digest
from ltgnn.types import UserError

if TYPE_CHECKING:
    from PIL.Image import Image

Output = Literal["auto", "projected", "pooled", "first", "mean"]


class Vision:
    """Any Hugging Face ``AutoModel`` of images, or the vision tower of one of images and texts (CLIP, SigLIP).

    ``model``: one source or several, tried in that order (see :func:`ltgnn.features.model_source.locate`).
    ``weights_sha256``: what the weight file must hash to, or None.
    ``output``: ``projected`` to the space that images and texts share; ``pooled`` by the model's own pooler;
    ``first``: the state of the first token; ``mean``: of all tokens, or of all places of a convolutional network;
    ``auto``: projected where the model has such a space, else first, else (no tokens) mean.
    ``max_pixels``: of an image; larger ones are not decoded. ``batch_size``: images per forward pass, which
    bounds the memory.
    ``device``: "auto", "cpu", "cuda" ... Nothing is loaded before ``load``. Code from the hub is never run.
    """

    def __init__(
        self,
        model: str | Sequence[str],
        weights_sha256: str | None,
        revision: str | None,
        local_files_only: bool,
        output: Output,
        max_pixels: Annotated[int, Ge(1)],
        dtype: Dtype,
        batch_size: Annotated[int, Ge(1)],
        device: str,
    ) -> None:
        if output not in get_args(Output):
            raise UserError(f"features.encoder.output={output} is not one of {', '.join(get_args(Output))}")
        self.sources = [model] if isinstance(model, str) else list(model)
        self.weights_sha256, self.revision, self.local_files_only = weights_sha256, revision, local_files_only
        self.output, self.max_pixels, self.dtype = output, max_pixels, dtype
        self.batch_size, self.device = batch_size, device

    @cached_property
    def folder(self) -> Path:
        return locate(self.sources, self.revision, self.local_files_only)

    @cached_property
    def identity(self) -> Mapping[str, Any]:
        """What decides the output; reads the files, imports no model code."""
        return {
            "class": "Vision",
            "weights": checked_weights(self.folder, self.weights_sha256, "set it to null"),
            "description": description_hash(self.folder),
            "processor": {name: file_digest(file) for name in PROCESSOR if (file := self.folder / name).is_file()},
            "output": self.output,
            "max_pixels": self.max_pixels,
            "dtype": find_precision(self.dtype, self.place),
        }

    @property
    def place(self) -> str:
        """The device that it encodes on."""
        return find_device(self.device)

    def load(self) -> tuple[Callable[[Image], Tensor | Unread], Callable[[Sequence[Tensor]], Tensor]]:
        """Two functions: a picture to its pixels as the model wants them, or why there are none, and n of these to
        vectors [n, D] float32."""
        processor, model = self._processor(), self._model()

        def prepare(picture: Image) -> Tensor | Unread:
            try:
                pixels: Tensor = processor(images=[picture], return_tensors="pt")["pixel_values"][0]
            except ValueError:  # of a width or height of few pixels, which may be taken for colours
                return Unread("refused by the image processor of the model")
            return pixels

        def encode(pixels: Sequence[Tensor]) -> Tensor:
            try:
                with torch.inference_mode(), products_in(find_precision(self.dtype, self.place), model.device.type):
                    batch = torch.stack(list(pixels)).to(model.device, model.dtype)
                    return pool(model, batch, self.output).float().cpu()
            except torch.cuda.OutOfMemoryError:
                if len(pixels) == 1:
                    raise
            half = len(pixels) // 2
            return torch.cat([encode(pixels[:half]), encode(pixels[half:])])

        return prepare, encode

    def _processor(self) -> Any:
        """What scales, crops and normalises: by Pillow, so that torchvision changes no pixel."""
        import transformers

        by_pillow = {"use_fast": False} if transformers.__version__.startswith("4.") else {"backend": "pil"}
        try:
            return transformers.AutoImageProcessor.from_pretrained(
                self.folder, local_files_only=True, trust_remote_code=False, **by_pillow
            )
        except (OSError, ValueError, ImportError) as error:
            raise UserError(
                f"transformers cannot load the image processor in {self.folder} ({' or '.join(PROCESSOR)}): "
                f"{str(error).splitlines()[0]}; set features.encoder.model to a model of images"
            ) from error

    def _model(self) -> Any:
        from transformers import AutoModel
        from transformers.utils import logging

        bar = logging.is_progress_bar_enabled()
        logging.disable_progress_bar()  # "Loading weights", once per tensor
        try:
            model, found = AutoModel.from_pretrained(
                self.folder,
                local_files_only=True,
                trust_remote_code=False,
                dtype=DTYPES.get(self.dtype, torch.float32),
                output_loading_info=True,
            )
        except (OSError, ValueError) as error:
            raise UserError(
                f"transformers cannot load the model in {self.folder}: {error}; set features.encoder.model"
            ) from error
        finally:
            if bar:
                logging.enable_progress_bar()
        random = [name for name in found["missing_keys"] if self.output == "pooled" or "pooler" not in name]
        if random:
            raise UserError(
                f"the weights in {self.folder} lack {', '.join(sorted(random)[:3])}, which would be random: set "
                "features.encoder.output=first, or another features.encoder.model"
            )
        return model.eval().to(self.place)


def pool(model: Any, pixels: Tensor, output: str) -> Tensor:
    """One forward pass of images, pooled as ``output`` says (see :class:`Vision`).  [n, 3, H, W] -> [n, D]"""
    projects = hasattr(model, "get_image_features")
    if output == "projected" or (output == "auto" and projects):
        if not projects:
            raise UserError(
                f"features.encoder.output=projected, but {type(model).__name__} has no space that images and texts "
                "share: set features.encoder.output=auto"
            )
        found = model.get_image_features(pixel_values=pixels)
        projected: Tensor = found if isinstance(found, Tensor) else found.pooler_output  # transformers 4, 5
        return projected
    found = getattr(model, "vision_model", model)(pixel_values=pixels)
    if output == "pooled":
        if found.get("pooler_output") is None:
            raise UserError(
                f"features.encoder.output=pooled, but {type(model).__name__} has no pooler: set "
                "features.encoder.output=auto"
            )
        pooled: Tensor = found.pooler_output
        return pooled.flatten(1)
    states: Tensor = found.last_hidden_state
    if states.dim() == 4:  # a convolutional network: [n, D, h, w]
        return states.mean((2, 3))
    return states.mean(1) if output == "mean" else states[:, 0]
