"""Where the package finds its own yaml tree."""

from __future__ import annotations

from pathlib import Path


def conf_dir() -> Path:
    """The Hydra tree: inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).resolve().parent
    shipped = package / "conf"
    return shipped if shipped.is_dir() else package.parent / "conf"
