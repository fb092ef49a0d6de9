"""The tables of a fitted closed form, kept with the run, so that no command fits it again."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from ltgnn.io.atomic_write import replace_atomically
from ltgnn.runs.checksums import warn_if_changed
from ltgnn.runs.folder import FITTED
from ltgnn.scoring.forms import FORMS, decompose
from ltgnn.scoring.masked import mask_items
from ltgnn.types import Damaged, Interactions, Scorer


def keep_tables(folder: Path, scorer: Scorer) -> None:
    """Write ``FITTED`` of the run, where the scores are one table that is kept (``ScoreTable.kept``)."""
    tables = decompose(scorer) or []
    if len(tables) != 1 or not tables[0].kept:
        return
    tensors = {f"table.{name}": tensor.detach().cpu().contiguous() for name, tensor in tables[0].tensors().items()}
    if scorer.candidates is not None:
        tensors["candidates"] = scorer.candidates.cpu()
    with replace_atomically(folder / FITTED) as temporary:
        save_file(tensors, temporary, {"form": tables[0].form})


def read_tables(folder: Path, train: Interactions) -> Scorer | None:
    """The scorer that ``keep_tables`` kept, for the same train part; None: the run has none.

    ``Damaged`` where it cannot be read.
    """
    file = folder / FITTED
    if not file.is_file():
        return None
    warn_if_changed(folder, FITTED)
    try:
        form, tensors = _read(file)
        candidates = tensors.pop("candidates", None)
        parts = {name.removeprefix("table."): tensor for name, tensor in tensors.items()}
        found = mask_items(FORMS[form].from_tensors(parts, train), candidates)
        items = found(torch.arange(1)).shape[1]
        if items != train.num_items:
            raise ValueError(f"it fits {items} items, and the run has {train.num_items}")
    except (SafetensorError, OSError, LookupError, ValueError, RuntimeError, TypeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise Damaged(f"{folder}: {FITTED} cannot be read ({reason}). Train the run again.") from error
    return found


def _read(file: Path) -> tuple[str, dict[str, Tensor]]:
    """Form and tensors of the table."""
    with safe_open(file, "pt") as opened:
        form = opened.metadata()["form"]
    return form, load_file(file)
