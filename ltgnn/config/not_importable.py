"""The way out where a class of the user cannot be imported: the same words in every command."""

from __future__ import annotations

from pathlib import Path


def how_to_import(target: str) -> str:
    """What to do so that ``target`` (``myrec.losses.Hinge``) is found; the folder, where it is the one we are in."""
    package = target.partition(".")[0]
    here = Path.cwd() / package
    if here.is_dir() or here.with_suffix(".py").is_file():
        place = (
            f"The package is in this folder, which is not searched: pip install -e . once, or PYTHONPATH={Path.cwd()}"
        )
    else:
        place = (
            f"Install its package here (pip install -e FOLDER), or set PYTHONPATH to the folder that holds {package}/"
        )
    return f"{place}; or mend the name."
