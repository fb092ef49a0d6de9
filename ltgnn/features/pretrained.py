"""Tokenizer and model in a folder, by transformers; code from the folder is never run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from ltgnn.types import UserError


def load_tokenizer(folder: Path, gguf_file: str | None = None, option: str = "features.encoder") -> Any:
    """The tokenizer as transformers gives it; ``gguf_file``: the file of the folder that holds it.

    ``option``: of the part that reads the folder, for messages.
    """
    from transformers import AutoTokenizer

    try:
        with _quiet(gguf_file):
            return AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False, **_inside(gguf_file)
            )
    except (OSError, ValueError) as error:
        raise UserError(f"transformers cannot load the tokenizer in {folder}: {error}; set {option}.model") from error


def load_model(
    kind: Any, folder: Path, dtype: torch.dtype, gguf_file: str | None = None, option: str = "features.encoder"
) -> Any:
    """The model as transformers gives it, on the CPU; ``kind``: ``AutoModel`` or one with a head."""
    try:
        with _quiet(gguf_file):
            return kind.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False, dtype=dtype, **_inside(gguf_file)
            )
    except (OSError, ValueError) as error:
        raise UserError(f"transformers cannot load the model in {folder}: {error}; set {option}.model") from error


def _inside(gguf_file: str | None) -> dict[str, str]:
    return {} if gguf_file is None else {"gguf_file": gguf_file}


@contextmanager
def _quiet(gguf_file: str | None) -> Iterator[None]:
    """Without the bars "Loading weights", once per tensor; ``UserError`` where a package is missing."""
    from transformers.utils import logging

    if gguf_file is not None:
        try:
            import gguf  # noqa: F401
        except ImportError:
            raise UserError(f"gguf_file={gguf_file} needs the package gguf: pip install 'ltgnn[describe]'") from None
    bar = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if bar:
            logging.enable_progress_bar()
