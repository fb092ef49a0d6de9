"""The files that a recipe reads, and the sha256 of each: other contents at the same place are another recipe."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ltgnn.io.file_digest import file_digest

Inputs = dict[str, dict[str, str]]
"""Section of the recipe -> file or folder as it is named there -> sha256 of its contents."""

OUTPUTS = ("callbacks", "trainer", "paths", "logger", "sweep", "store", "sources", "_target_")
"""Keys of a recipe with the places of outputs, downloads and definitions, not of inputs."""


def inputs_of(recipe: Mapping[str, Any]) -> Inputs:
    """What is there of the files that ``recipe`` (resolved, as plain values) names.

    Of a data set: the files of its folder that the reader names, or all of a folder of which it names none. Those with
    a published sha256 are left out, since they are verified whenever they are read and that sha256 is in the recipe.
    Elsewhere: every value that is the path of a file, of a run, or of a folder such as a text encoder's.
    """
    found = {
        str(section): _of_data(value) if section == "data" and isinstance(value, Mapping) else _of_section(value)
        for section, value in recipe.items()
        if section not in OUTPUTS
    }
    return {section: files for section, files in found.items() if files}


def find_changed(recipe: Mapping[str, Any], recorded: Inputs) -> dict[str, list[str]]:
    """Section -> the ``recorded`` inputs of ``recipe`` that are there with other contents now."""
    now = inputs_of(recipe)
    differing = {
        section: [name for name, digest in files.items() if now.get(section, {}).get(name, digest) != digest]
        for section, files in recorded.items()
    }
    return {section: names for section, names in differing.items() if names}


def _of_data(data: Mapping[str, Any]) -> dict[str, str]:
    files = data.get("files")
    if not isinstance(files, Mapping):
        return _of_section(data)
    place, published = files.get("path") or files.get("folder"), files.get("sha256") or {}
    if not isinstance(place, str) or not is_kind(folder := _path(place), "dir"):
        return _of_section(data)
    named = {*(value for key, part in data.items() if key != "files" for value in _texts(part)), *published}
    names = sorted(name for name in named if name and not published.get(name) and is_kind(folder / name, "file"))
    names_none = not any(Path(text).suffix for text in _texts(data.get("reader")))
    if not names and not published and names_none:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.is_file() and entry.name[0] != ".")
    return {name: digest_or_unreadable(folder / name) for name in names}


def _of_section(value: Any) -> dict[str, str]:
    named = ((text, _path(text)) for text in _texts(value) if text.strip("./"))
    found = {text: _digest(text, path) for text, path in named}
    return {text: digest for text, digest in found.items() if digest is not None}


def _digest(text: str, path: Path) -> str | None:
    if is_kind(path, "file"):
        return digest_or_unreadable(path)
    if not is_kind(path, "dir"):
        return None
    if (path / "status.json").is_file():
        return _run_digest(path)
    if (path / "config.json").is_file() or os.sep in text:  # a value such as data.name may be a folder's name by chance
        return _folder_digest(path)
    return None


def _run_digest(folder: Path) -> str:
    """A run: its key and the weights that are read of it."""
    try:
        key = str(json.loads((folder / "status.json").read_text(encoding="utf-8"))["key"])
    except (OSError, ValueError, KeyError, TypeError):
        key = ""
    weights = (folder / "checkpoints" / name for name in ("best.ckpt", "last.ckpt"))
    return _hash_parts([key, *(digest_or_unreadable(file) for file in weights if file.is_file())])


def _folder_digest(folder: Path) -> str:
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.name[0] != ".")
    return _hash_parts([f"{file.relative_to(folder)}\0{digest_or_unreadable(file)}" for file in files])


def _hash_parts(parts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def digest_or_unreadable(file: Path) -> str:
    """sha256 of a file, "unreadable" where it cannot be read."""
    try:
        return file_digest(file)
    except OSError:
        return "unreadable"


def _texts(value: Any) -> Iterator[str]:
    """Every text below ``value``."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if key not in OUTPUTS:
                yield from _texts(inner)
    elif isinstance(value, Sequence):
        for inner in value:
            yield from _texts(inner)


def _path(text: str) -> Path:
    return Path(os.path.expanduser(text))


def is_kind(path: Path, kind: str) -> bool:
    try:
        return path.is_file() if kind == "file" else path.is_dir()
    except (OSError, ValueError):  # too long, or with a zero byte: no path
        return False
