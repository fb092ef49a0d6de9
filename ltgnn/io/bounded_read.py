"""Reads the small text files of a folder that may come from others: bounded in size, depth and time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from yaml import YAMLError

from ltgnn.io import libyaml
from ltgnn.types import Damaged

LONGEST = 8_000_000
"""Bytes of a JSON or yaml file beyond which it is none of ours: the largest that ltgnn writes has some 100,000."""


def read_text(file: Path) -> str:
    """The text of a file; ``FileNotFoundError`` where there is none, ``ValueError`` where it is none of ours."""
    if not file.exists():
        raise FileNotFoundError(file)
    if not file.is_file():
        raise ValueError("no file, but a folder or a device")
    if (size := file.stat().st_size) > LONGEST:
        raise ValueError(f"{size:,} bytes, at most {LONGEST:,} wanted")
    return file.read_text(encoding="utf-8")


def read_json(folder: Path, name: str) -> dict[str, Any] | None:
    """The JSON object in a file of ``folder``; None where the file is absent, ``Damaged`` where it holds no object."""
    try:
        found = json.loads(read_text(folder / name))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise Damaged(f"{folder}: {name} cannot be read ({shorten_error(error)}).") from error
    if not isinstance(found, dict):
        raise Damaged(f"{folder}: {name} holds a {type(found).__name__}; wanted a JSON object.")
    return found


def read_recipe(folder: Path) -> dict[str, Any]:
    """The resolved recipe in ``config.yaml`` as plain values; ``Damaged`` where it is absent or no recipe."""
    found = read_yaml(folder, "config.yaml")
    if not isinstance(found, dict) or "choices" not in found:
        raise Damaged(f"{folder}: config.yaml is cut short or not a recipe of a run: 'choices' are incomplete.")
    if not _ends(folder / "config.yaml"):
        raise Damaged(f"{folder}: config.yaml is cut short: its last line has no end.")
    return found


def _ends(file: Path) -> bool:
    """Whether the last line of a file is complete."""
    return file.read_bytes().endswith(b"\n")


def read_yaml(folder: Path, name: str) -> Any:
    """The values in a yaml file of ``folder``; ``Damaged`` where it is absent or cannot be read."""
    try:
        return libyaml.load(read_text(folder / name))
    except FileNotFoundError as error:
        raise Damaged(f"{folder}: {name} is missing.") from error
    except (OSError, ValueError, RecursionError, YAMLError) as error:
        raise Damaged(f"{folder}: {name} cannot be read ({shorten_error(error)}).") from error


def shorten_error(error: Exception) -> str:
    """The first line of an error, cut where it quotes a huge line."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
