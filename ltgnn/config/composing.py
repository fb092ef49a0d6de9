"""Configurations composed from the yaml tree, outside of a Hydra entry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ltgnn.types import UserError

if TYPE_CHECKING:
    from omegaconf import DictConfig


def compose_config(
    root: str, overrides: Sequence[str], config_dir: str | None = None, only: Sequence[str] = ()
) -> DictConfig:
    """The configuration that ``ltgnn ROOT OVERRIDES`` would run; ``config_dir``: a folder with yaml of the user.

    Its values are checked; ``only``: those of these sections. Raises ``UserError`` for an unknown key, group or option,
    with the nearest that exists, and for a wrong value.
    """
    from hydra import compose, initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra

    from ltgnn.config import resolvers
    from ltgnn.config.check import refuse_wrong_values
    from ltgnn.config.paths import conf_dir
    from ltgnn.config.search_path import searching

    resolvers.register()
    GlobalHydra.instance().clear()
    folders = searching([config_dir] if config_dir else [])
    try:
        with folders, explain_errors(overrides, root), initialize_config_dir(str(conf_dir()), version_base="1.3"):
            cfg = compose(root, overrides=list(overrides))
        refuse_wrong_values(cfg, root, only=only or [str(key) for key in cfg if key != "paths"])
        return cfg
    finally:
        GlobalHydra.instance().clear()


def compose_rules(overrides: Sequence[str]) -> Any:
    """The rules of ``rules=OPTION`` and ``rules.NAME.KEY=VALUE`` (``conf/rules``), instantiated."""
    from hydra.utils import instantiate

    cfg = compose_config("recommend", overrides)
    with explain_errors(overrides, "recommend"):
        return instantiate(cfg.rules, _convert_="all")


@contextmanager
def explain_errors(overrides: Sequence[str] = (), root: str = "train") -> Iterator[None]:
    """Errors of Hydra and OmegaConf inside become a ``UserError`` with one message."""
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    from ltgnn.config.hydra_entry import explain

    try:
        yield
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(explain(error, overrides, root)) from error
