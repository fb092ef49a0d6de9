"""Where options of the config groups are looked for: in ltgnn's own yaml tree, then in the user's folders.

A user's tree has the same groups as ``conf/``. It is named by ``--config-dir FOLDER``, by ``LTGNN_CONF`` (several with
``:`` between, ``;`` on Windows), or by a Hydra search-path plugin of an installed package. All that composes,
lists or suggests options asks here; processes that a command starts inherit the variable.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from ltgnn.config.paths import conf_dir

VARIABLE, FLAG = "LTGNN_CONF", "--config-dir"
"""The environment variable and the flag that name folders."""

HOW = f"Yaml of your own: {FLAG} FOLDER, or {VARIABLE}=FOLDER in the environment."


def refuse(message: str) -> NoReturn:
    """Raise ``UserError``, whose module brings PyTorch along: seconds that completion and early checks do not have."""
    from ltgnn.types import UserError

    raise UserError(message)


def split_folders(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """A command line without ``--config-dir FOLDER`` and ``hydra.searchpath=[file://FOLDER]``, and these folders."""
    others: list[str] = []
    folders: list[str] = []
    rest = iter(words)
    for word in rest:
        key, equals, value = word.partition("=")
        if key in (FLAG, "-cd"):
            folder = value if equals else next(rest, "")
            if not folder:
                refuse(f"{FLAG} names no folder: give {FLAG} FOLDER, a folder with yaml of your own.")
            folders.append(folder)
        elif key.lstrip("+") == "hydra.searchpath" and (listed := _files(value)):
            folders += listed
        else:
            others.append(word)
    return others, folders


def _files(value: str) -> list[str]:
    """The folders of ``[file://A,file://B]``; none where a place is not a folder, which is left to Hydra."""
    places = [place.strip(" '\"") for place in re.sub(r"^\[|\]$", "", value.strip()).split(",")]
    return [place.removeprefix("file://") for place in places] if all(p.startswith("file://") for p in places) else []


@contextmanager
def searching(folders: Sequence[str | Path]) -> Iterator[None]:
    """Inside, and in processes started there, options are looked for in these folders too."""
    before = os.environ.get(VARIABLE)
    given = [str(Path(folder).expanduser().resolve()) for folder in folders]
    if missing := [name for name in given if not Path(name).is_dir()]:
        refuse(f"{FLAG}: there is no folder {missing[0]}.")
    refuse_taken_names([*map(Path, given), *named_folders()])
    if given:
        os.environ[VARIABLE] = os.pathsep.join(dict.fromkeys([*given, *split_names(before)]))
    try:
        yield
    finally:
        if given:
            os.environ.pop(VARIABLE, None) if before is None else os.environ.update({VARIABLE: before})


def named_folders() -> list[Path]:
    """The folders of ``--config-dir`` and ``LTGNN_CONF``; ``UserError`` where one does not exist."""
    found = [Path(name).expanduser().resolve() for name in split_names(os.environ.get(VARIABLE))]
    for folder in found:
        if not folder.is_dir():
            refuse(f"{VARIABLE}={os.environ[VARIABLE]}: there is no folder {folder}.")
    return list(dict.fromkeys(found))


def split_names(value: str | None) -> list[str]:
    return [name for name in (value or "").split(os.pathsep) if name]


def plugin_folders() -> list[Path]:
    """The folders that search-path plugins of installed packages add."""
    if "hydra.core.plugins" not in sys.modules and not _has_plugins():
        return []  # which spares the import of Hydra
    from hydra._internal.config_search_path_impl import ConfigSearchPathImpl
    from hydra.core.plugins import Plugins
    from hydra.plugins.search_path_plugin import SearchPathPlugin

    found = ConfigSearchPathImpl()
    for kind in Plugins.instance().discover(SearchPathPlugin):
        if issubclass(kind, SearchPathPlugin) and kind.__module__ != "hydra_plugins.ltgnn_conf":
            kind().manipulate_search_path(found)
    places = [_folder(element.path) for element in found.get_path() if element.path]
    return [place for place in places if place is not None and place.is_dir()]


def _has_plugins() -> bool:
    """Whether a search-path plugin other than that of ltgnn can be imported."""
    places = [Path(place) / "hydra_plugins" for place in sys.path]
    files = (file for place in places if place.is_dir() for file in place.rglob("*.py"))
    return any(file.name != "ltgnn_conf.py" and b"SearchPathPlugin" in file.read_bytes() for file in files)


def _folder(place: str) -> Path | None:
    """The folder of ``file://FOLDER``, ``pkg://package.folder`` or a plain path; None where it is not a folder."""
    if not place.startswith("pkg://"):
        return None if "://" in place.removeprefix("file://") else Path(place.removeprefix("file://")).resolve()
    from importlib.util import find_spec

    package, *inner = place.removeprefix("pkg://").replace("/", ".").split(".")
    spec = find_spec(package)
    return (
        Path(next(iter(spec.submodule_search_locations)), *inner) if spec and spec.submodule_search_locations else None
    )


def user_trees() -> list[Path]:
    """All yaml trees of the user."""
    return [tree for tree in dict.fromkeys([*named_folders(), *plugin_folders()]) if tree != conf_dir()]


def trees() -> list[Path]:
    """All yaml trees, in the order in which an option is looked for."""
    return [conf_dir(), *user_trees()]


def option_file(group: str, option: str, among: Sequence[Path] | None = None) -> Path | None:
    """The yaml of an option; None where there is none."""
    files = (tree / group / f"{option}.yaml" for tree in (trees() if among is None else among))
    return next((file for file in files if file.is_file()), None)


def option_names(group: str, among: Sequence[Path] | None = None) -> list[str]:
    """The options of a config group, those of its subgroups as ``subgroup/option``."""
    folders = [tree / group for tree in (trees() if among is None else among)]
    return sorted({f.relative_to(at).with_suffix("").as_posix() for at in folders for f in at.rglob("*.yaml")})


def group_names(among: Sequence[Path] | None = None) -> list[str]:
    """The config groups at the top of the trees."""
    found = (folder for tree in (trees() if among is None else among) for folder in tree.iterdir() if folder.is_dir())
    return sorted({at.name for at in found if at.parent == conf_dir() or next(at.glob("*.yaml"), None) is not None})


def is_group(name: str) -> bool:
    """Whether there is such a config group, ``graph/normalisation`` included."""
    return bool(name) and any((tree / name).is_dir() for tree in trees())


def looked_in() -> str:
    """Where options were looked for, and how to add a folder."""
    places = ", ".join(map(str, user_trees()))
    return f"Looked in ltgnn's own options{f' and in {places}' if places else ''}. {HOW}"


def refuse_taken_names(folders: Sequence[Path]) -> None:
    """``UserError`` where a file of the user has the name of one of ltgnn's, which would be read in its place."""
    for folder in folders:
        for name in (file.relative_to(conf_dir()) for file in sorted(conf_dir().rglob("*.yaml"))):
            if folder != conf_dir() and (folder / name).is_file():
                word = f"{name.parent.as_posix()}={name.stem}" if name.parent.name else f"a {name} at the root"
                refuse(
                    f"{folder / name}: ltgnn has {word} of its own, which would be read instead. Give yours another "
                    "name."
                )
