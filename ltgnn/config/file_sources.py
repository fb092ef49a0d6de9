"""Where a recipe that comes from a folder may fetch from and write to: the web, and one's own folders of paths."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from ltgnn.config.nodes import nodes
from ltgnn.config.paths import conf_dir
from ltgnn.types import UserError

FILES, STORE = "ltgnn.data.fetch.Files", "ltgnn.features.store.FeatureStore"
SOURCES = ("ltgnn.data.download.", "ltgnn.data.joining.", "ltgnn.data.rewriting.")
ADDRESSES = ("url", "urls", "asins", "metadata")
"""Arguments of the sources that are addresses."""


def resolve_places(recipe: dict[str, Any], folder: Path, file: str = "config.yaml") -> None:
    """Refuse sources and places that are not the user's own; those below another user's folders become ours.

    Existing files are read from anywhere. Fetched and encoded files go below the user's own ``data_dir`` and
    ``cache_dir`` (``conf/paths``), so that no recipe writes elsewhere. Changes ``recipe``.
    """
    where = f"{folder}: {file}"
    recorded = recipe.get("paths") if isinstance(recipe.get("paths"), dict) else {}
    made = [(key, node, node["_target_"]) for key, node in nodes(recipe) if isinstance(node.get("_target_"), str)]
    for key, node, target in made:
        if "_args_" in node and target.startswith("ltgnn."):
            raise UserError(f"{where}, {key}: arguments without a name (_args_), which no recipe has.")
        if target.startswith(SOURCES):
            _web_only(node, key, where)
    for key, node, target in made:
        if target == FILES:
            node["folder"] = _data_folder(node, key, where, recorded)
        if target == STORE:
            node["folder"] = _store_folder(node, recorded)


def user_path(name: str) -> str:
    """A folder of ``conf/paths``, such as ``data_dir``, as it is for this user."""
    return str(OmegaConf.select(OmegaConf.load(conf_dir() / "paths" / "default.yaml"), name))


def _web_only(node: Mapping[str, Any], key: str, where: str) -> None:
    for name in ADDRESSES:
        given = node.get(name, "https://")
        for address in given.values() if isinstance(given, dict) else [given]:
            if not str(address).startswith(("https://", "http://")):
                raise UserError(
                    f"{where}, {key}.{name} is {str(address)[:200]}; a recipe from a folder may fetch "
                    f"from https:// and http:// only. Anything else is given on the command line of "
                    "`ltgnn data fetch`, or as a folder LTGNN_MIRROR."
                )
    if not str(node.get("variable", "LTGNN_MIRROR")).startswith("LTGNN_"):
        raise UserError(f"{where}, {key}.variable is {node['variable']}; wanted LTGNN_MIRROR.")


def _data_folder(node: Mapping[str, Any], key: str, where: str, recorded: Any) -> str:
    given, names = str(node.get("folder")), node.get("sha256")
    if is_below(given, user_path("data_dir")):
        return given
    if isinstance(names, dict) and all((Path(given).expanduser() / str(name)).is_file() for name in names):
        return given
    moved = _move_path(given, recorded.get("data_dir"), user_path("data_dir"))
    if moved is not None and is_below(moved, user_path("data_dir")):
        return moved
    raise UserError(
        f"{where}, {key}.folder is {given}, which lacks files of the data set. A recipe from a folder "
        f"fetches into your own data folder only ({user_path('data_dir')}): get the files yourself "
        f"(ltgnn data fetch NAME data.files.folder={given}), or set LTGNN_DATA to the folder that holds the data sets."
    )


def _store_folder(node: Mapping[str, Any], recorded: Any) -> str:
    given, mine = str(node.get("folder")), user_path("cache_dir")
    if is_below(given, mine) or any(Path(given).expanduser().glob("*.safetensors")):
        return given
    moved = _move_path(given, recorded.get("cache_dir"), mine)
    return moved if moved is not None and is_below(moved, mine) else mine


def is_below(path: str, top: str) -> bool:
    return Path(path).expanduser().resolve().is_relative_to(Path(top).expanduser().resolve())


def _move_path(path: str, before: Any, now: str) -> str | None:
    """``path`` below the recorded folder ``before``, as a path below ``now``."""
    there = before and (path == str(before) or path.startswith(f"{before}/"))
    return now + path[len(str(before)) :] if there else None
