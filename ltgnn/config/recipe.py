"""The recipe of a folder, for making parts of it: read, checked, its values unchanged."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from ltgnn.config import older_recipes
from ltgnn.config.file_sources import resolve_places
from ltgnn.config.trust import check
from ltgnn.io.bounded_read import read_recipe
from ltgnn.types import Damaged

INTERPOLATION = re.compile(r"(\\*)\$\{")


def open_recipe(folder: Path) -> DictConfig:
    """The recipe in ``folder/config.yaml``, safe to instantiate. Every command that opens a folder comes by here.

    ``UserError`` where it names code that is not trusted, or places that are not the user's; ``Damaged`` where it is
    not a recipe. Interpolations (``${oc.env:HOME}``) are plain text: a recipe is written resolved. That of an earlier
    version is given in today's names.
    """
    found = older_recipes.translated(read_recipe(folder))
    for key, value in found.items():
        if not isinstance(key, str) or not key.isidentifier() or key in ("hydra", "defaults"):
            raise Damaged(f"{folder}: config.yaml has the key {str(key)[:80]!r}, which no recipe of a run has.")
        if isinstance(value, dict) and "defaults" in value:
            raise Damaged(f"{folder}: config.yaml has the key '{key}.defaults', which no recipe of a run has.")
    check(found, folder)
    resolve_places(found, folder)
    try:
        return DictConfig(literal(found))
    except (OmegaConfBaseException, ValueError) as error:
        raise Damaged(
            f"{folder}: config.yaml is not a recipe of a run ({str(error).splitlines()[0][:200]})."
        ) from error


def literal(value: Any) -> Any:
    """``value`` with what OmegaConf would interpolate escaped."""
    if isinstance(value, dict):
        return {key: literal(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [literal(inner) for inner in value]
    return INTERPOLATION.sub(r"\1\1\\${", value) if isinstance(value, str) else value
