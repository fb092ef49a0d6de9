"""What `auto` is on a processor and on a GPU, by made-up lists of flags."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ltgnn.features import precision
from ltgnn.features.precision import find_precision, multiplies_bfloat16, products_in


@pytest.mark.parametrize(
    ("flags", "fast"),
    [
        (["fma avx2"], False),
        (["avx2 avx512f avx512_bf16"], True),
        (["avx2 amx_bf16 amx_tile"], True),
        (["avx2 amx_tile amx_int8"], False),
        (["avx512_bf16", "avx2"], False),  # cores that differ
        ([], False),
    ],
)
def test_the_flags_of_the_processor_decide(tmp_path: Path, flags: list[str], fast: bool) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text("".join(f"processor\t: {n}\nflags\t\t: fpu {text}\n\n" for n, text in enumerate(flags)))
    assert multiplies_bfloat16(file) is fast
    assert not multiplies_bfloat16(tmp_path / "absent")


def test_auto_is_float32_unless_the_device_is_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    for dtype in ("float32", "bfloat16", "float16"):
        assert find_precision(dtype, "cpu") == find_precision(dtype, "cuda") == dtype
    for fast, found in ((False, "float32"), (True, "mixed bfloat16")):
        monkeypatch.setattr(precision, "multiplies_bfloat16", lambda fast=fast: fast)
        assert find_precision("auto", "cpu") == found
        assert find_precision("auto", "mps") == "float32"
    for supported, found in ((True, "mixed bfloat16"), (False, "mixed float16")):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda supported=supported, **_: supported)
        assert find_precision("auto", "cuda:1") == found


def test_products_alone_are_shorter() -> None:
    one = torch.randn(4, 4, generator=torch.Generator().manual_seed(0))
    with products_in("mixed bfloat16", "cpu"):
        assert (one @ one).dtype == torch.bfloat16
        assert torch.nn.functional.layer_norm(one, (4,)).dtype == torch.float32
    with products_in("float32", "cpu"):
        assert torch.equal(one @ one, one.matmul(one))
    assert (one @ one).dtype == torch.float32
