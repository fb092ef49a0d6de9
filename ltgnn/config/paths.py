"""Where the package finds its own yaml (the Hydra tree, the rows of papers), and how it writes a file."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def conf_dir() -> Path:
    """The Hydra tree: inside the package in a wheel, next to it in a checkout."""
    shipped = PACKAGE / "conf"
    return shipped if shipped.is_dir() else PACKAGE.parent / "conf"


def paper_dir() -> Path:
    """The published rows of ``ltgnn reproduce``: inside the package in a wheel, in experiments/ of a checkout."""
    shipped = PACKAGE / "paper"
    return shipped if shipped.is_dir() else PACKAGE.parent / "experiments" / "paper"


def template_dir() -> Path:
    """The files that ``ltgnn init`` writes: inside the package in a wheel, next to it in a checkout."""
    shipped = PACKAGE / "templates"
    return shipped if shipped.is_dir() else PACKAGE.parent / "templates"


def checkout() -> Path | None:
    """The checkout that the package runs from; None where it is installed."""
    return None if (PACKAGE / "conf").is_dir() else PACKAGE.parent


def write_whole(file: Path, text: str, option: str = "", parents: bool = True, durable: bool = True) -> None:
    """Write a text file atomically; see ``ltgnn.io.atomic_write.replace_atomically``."""
    from ltgnn.io.atomic_write import replace_atomically  # late: completion and early checks import no PyTorch

    with replace_atomically(file, option, parents, durable) as temporary:
        temporary.write_text(text, encoding="utf-8")
