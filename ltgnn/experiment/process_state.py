"""What Hydra and ltgnn set in a process, put back as the caller had it."""

from __future__ import annotations

import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from ltgnn.io.scoped_cache import cache_scope

ONE_AT_A_TIME = threading.RLock()
"""Hydra's state belongs to the process: calls from several threads wait for each other."""


@contextmanager
def hydra_put_back() -> Iterator[None]:
    """Inside there is no Hydra; afterwards the caller's own, its job and the interpolations it registered are back.

    It is a scope of ``ltgnn.io.scoped_cache``.
    A notebook without ipywidgets is not told so by libraries that are loaded inside.
    """
    from hydra import version
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.hydra_config import HydraConfig
    from hydra.core.utils import JobRuntime
    from omegaconf.basecontainer import BaseContainer

    outer, job = GlobalHydra.instance().hydra, HydraConfig.instance().cfg
    runtime, base = JobRuntime.instance().conf.copy(), version.VersionBase.instance().version_base
    resolvers = dict(BaseContainer._resolvers)
    GlobalHydra.instance().clear()
    HydraConfig.instance().cfg = None  # or values such as ${hydra:runtime.output_dir} would be those of another job
    version.setbase("1.3")
    try:
        with warnings.catch_warnings(), cache_scope():
            warnings.filterwarnings("ignore", message="IProgress not found")  # of tqdm, which libraries load
            yield
    finally:
        GlobalHydra.instance().clear()
        GlobalHydra.instance().hydra, HydraConfig.instance().cfg = outer, job
        JobRuntime.instance().conf, version.VersionBase.instance().version_base = runtime, base
        BaseContainer._resolvers = resolvers


@contextmanager
def log_shown(progress: bool) -> Iterator[None]:
    """ltgnn's lines reach standard output, warnings alone without ``progress``; a program's own logging has them."""
    logger, root = logging.getLogger("ltgnn"), logging.getLogger()
    level = logger.level
    handler = None if root.handlers else logging.StreamHandler(sys.stdout)
    logger.setLevel(logging.INFO)
    if handler is not None:
        handler.setLevel(logging.INFO if progress else logging.WARNING)
        root.addHandler(handler)
    try:
        yield
    finally:
        logger.setLevel(level)
        if handler is not None:
            root.removeHandler(handler)


@contextmanager
def only_errors(name: str) -> Iterator[None]:
    """Inside, this logger has nothing to say but errors."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
