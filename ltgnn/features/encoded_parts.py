"""Vectors of single contents on disk, written some hundred at a time, so that a long encoding can stop and go on."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from ltgnn.features.store import digest, key_of
from ltgnn.io.atomic_write import Unwritable, replace_atomically

log = logging.getLogger(__name__)

Part = tuple[list[str], Tensor]
"""sha256 of each of n contents, and their vectors [n, D] float32."""


class EncodedParts:
    """A folder with a file for each part, named by the contents in it. All vectors are of the same encoder.

    Where the folder cannot be written, nothing is kept, which the log says once.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.writable = True

    def read(self) -> Iterator[Part]:
        """The parts, one after the other; those that are damaged are left out."""
        from safetensors import SafetensorError, safe_open

        for path in sorted(self.folder.glob("*.safetensors")):
            try:
                with safe_open(path, framework="pt") as opened:
                    values, contents = opened.get_tensor("values"), opened.get_tensor("contents")
                    names = [bytes(row).hex() for row in contents.tolist()]
                    if (opened.metadata() or {}).get("key") != part_key(names, values):
                        raise ValueError("the bytes are not those that were written")
                yield names, values
            except (OSError, SafetensorError, ValueError) as error:
                log.warning("the part %s is damaged (%s), and its contents are encoded anew", path, error)

    def write(self, contents: Sequence[str], values: Tensor) -> None:
        """Keep the vectors [n, D] of n contents, each named by its sha256."""
        from safetensors.torch import save_file

        if not self.writable:
            return
        rows = torch.tensor([list(bytes.fromhex(content)) for content in contents], dtype=torch.uint8)
        key = part_key(contents, values)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with replace_atomically(self.folder / f"{key}.safetensors", durable=False) as partial:
                save_file({"values": values, "contents": rows}, partial, metadata={"key": key})
        except (OSError, Unwritable) as error:
            self.writable = False
            log.warning("%s cannot be written (%s); what is encoded is lost if this run stops", self.folder, error)


def part_key(contents: Sequence[str], values: Tensor) -> str:
    """sha256 of a part: of the names of its contents and of their vectors."""
    return key_of({"values": digest(values)}, contents)
