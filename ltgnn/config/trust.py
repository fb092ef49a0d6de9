"""Which classes a recipe may name that comes from a folder: naming one in ``_target_`` runs it."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from pathlib import Path
from typing import Any

from ltgnn.config.nodes import nodes
from ltgnn.config.not_importable import how_to_import
from ltgnn.config.paths import conf_dir
from ltgnn.types import Metric, UserError

OPTION, VARIABLE = "trust", "LTGNN_TRUST"
"""The option and the environment variable that trust packages, by name, with a comma between two."""

LIBRARIES = {
    "pytorch_lightning": "Trainer",
    "pytorch_lightning.callbacks": r"[A-Z]\w+",
    "pytorch_lightning.plugins.environments": "LightningEnvironment",
    "pytorch_lightning.strategies": "DDPStrategy",
    "torch.nn": "GRU|LSTM|RNN",
    "torch.nn.functional": "normalize",
    "torch.nn.init": r"[a-z]\w*_",
    "torch.optim": r"[A-Z]\w+",
    "torch.optim.lr_scheduler": r"[A-Z]\w+",
    "torch_geometric.nn": r"[A-Z]\w*Conv",
}
"""Modules of other packages whose names, matching the pattern, a recipe may use. None of them runs code it is given."""

WRITTEN = ("ltgnn.inference.ensemble_members.Members",)
"""Classes that ltgnn itself writes into recipes, in addition to those of its yaml."""

_trusted: ContextVar[tuple[str, ...]] = ContextVar("trusted", default=())  # only by ``trusting``


@contextmanager
def trusting(packages: Sequence[str]) -> Iterator[None]:
    """Inside, recipes may name classes of these packages too."""
    token = _trusted.set((*_trusted.get(), *packages))
    try:
        yield
    finally:
        _trusted.reset(token)


def split_trust(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The arguments of a command line without ``trust=PACKAGE``, and these packages."""
    values = [word.partition("=")[2] for word in words if word.startswith(f"{OPTION}=")]
    others = [word for word in words if not word.startswith(f"{OPTION}=")]
    return others, [name for value in values for name in _names(value)]


def trusted_packages() -> list[str]:
    """The packages that the user trusts."""
    return list(dict.fromkeys([*_names(os.environ.get(VARIABLE, "")), *_trusted.get()]))


def check(recipe: Mapping[str, Any], folder: Path, file: str = "config.yaml") -> None:
    """Refuse a recipe that names anything else; nothing of it is imported or run before. ``UserError`` names it."""
    for key, target in targets(recipe):
        if not (isinstance(target, str) and is_allowed(target)):
            package = str(target).partition(".")[0] if isinstance(target, str) else "PACKAGE"
            raise UserError(
                f"{folder}: {file} names {str(target)[:200]} ({key}), which is neither a class of ltgnn nor one of the "
                f"libraries that its recipes use: it could do anything, so nothing of this folder was run. If you know "
                f"and trust that code: {OPTION}={package}, or {VARIABLE}={package} in the environment."
            )


def targets(recipe: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """(dotted key, value) of every ``_target_`` at any depth."""
    for key, node in nodes(recipe):
        if "_target_" in node:
            yield f"{key}._target_".lstrip("."), node["_target_"]


def is_allowed(target: str) -> bool:
    """Whether a recipe from a folder may name this."""
    module, _, name = target.rpartition(".")
    if target in shipped_targets() or re.fullmatch(LIBRARIES.get(module, ""), name or "-"):
        return True
    if module in {known.rpartition(".")[0] for known in shipped_targets()}:
        found = getattr(import_module(module), name, None)
        return isinstance(found, type) and found.__module__ == module
    if target.startswith("ltgnn.evaluation.") and isinstance(_in_ltgnn(module, name), Metric):
        return True  # named on a command line, and by no yaml of ltgnn
    return any(is_defined_in(target, package) for package in trusted_packages())


@functools.cache
def shipped_targets() -> frozenset[str]:
    """Every class and function of ltgnn that its own yaml names, but for Hydra's part."""
    files = (file for file in conf_dir().rglob("*.yaml") if "hydra" not in file.relative_to(conf_dir()).parts)
    texts = (file.read_text(encoding="utf-8") for file in files)
    found = {target for text in texts for target in re.findall(r"\b_target_: *(ltgnn\.[\w.]+)", text)}
    return frozenset({*found, *WRITTEN})


def _in_ltgnn(module: str, name: str) -> object:
    """A name of a module of ltgnn, which importing does not change anything; None: there is none."""
    try:
        return getattr(import_module(module), name, None)
    except ImportError:
        return None


def is_defined_in(target: str, package: str) -> bool:
    """Whether ``target`` is defined in a trusted package, not merely imported there (``mypackage.os.system``)."""
    if not target.startswith(f"{package}."):
        return False
    import pydoc

    try:
        found = pydoc.locate(target)
    except pydoc.ErrorDuringImport as error:
        raise UserError(
            f"{OPTION}={package}: {target} cannot be imported ({error.value!r}). {how_to_import(target)}"
        ) from error
    if found is None:
        raise UserError(f"{OPTION}={package}: {target} cannot be imported (not found). {how_to_import(target)}")
    home = str(getattr(found, "__module__", ""))
    return home == package or home.startswith(f"{package}.")


def _names(text: str) -> list[str]:
    return [name for name in (part.strip() for part in text.split(",")) if name]
