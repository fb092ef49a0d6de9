"""In which numbers a language model computes while it encodes."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Literal

import torch

Dtype = Literal["auto", "float32", "bfloat16", "float16"]

DTYPES: dict[str, torch.dtype] = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}
MIXED = {"mixed bfloat16": torch.bfloat16, "mixed float16": torch.float16}
"""Weights, sums and normalisations in float32, products in the shorter type: PyTorch's autocast."""

FAST = {"amx_bf16", "avx512_bf16"}
"""Flags of a processor with instructions for products of bfloat16; others emulate them and are slower than float32."""


def find_device(device: str) -> str:
    """The device that is meant: of "auto" a GPU where there is one."""
    return ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device


def find_precision(dtype: str, device: str) -> str:
    """What ``dtype`` is on a device: itself, and for ``auto`` one of ``MIXED`` where that is fast, else float32.

    Part of the identity of an encoder, so that vectors of one precision are not taken for those of another.
    """
    if dtype != "auto":
        return dtype
    if device.startswith("cuda"):
        return "mixed bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "mixed float16"
    return "mixed bfloat16" if device == "cpu" and multiplies_bfloat16() else "float32"


def multiplies_bfloat16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether every processor listed has one of ``FAST``; False where the system keeps no such list."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    flags = [set(line.partition(":")[2].split()) for line in lines if line.startswith("flags")]
    return bool(flags) and all(FAST & found for found in flags)


def products_in(precision: str, device: str) -> AbstractContextManager[object]:
    """While it is open, products are computed as ``precision`` says."""
    if precision not in MIXED:
        return nullcontext()
    return torch.autocast(device.partition(":")[0], MIXED[precision])
