"""A command of Hydra's run from Python: composed, checked and recorded as on the command line; errors are raised."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from ltgnn.config.error_messages import message
from ltgnn.config.group_words import wrong_choice
from ltgnn.config.hydra_entry import SWEPT, Output, as_hydra_reads_it, guard
from ltgnn.config.paths import conf_dir
from ltgnn.config.suggestions import in_plain_words
from ltgnn.config.trust import split_trust, trusting
from ltgnn.experiment.process_state import ONE_AT_A_TIME, hydra_put_back, log_shown
from ltgnn.io.pluralize import pluralize
from ltgnn.types import UserError

log = logging.getLogger(__name__)

OWN_LOGGING = ("hydra/job_logging=none", "hydra/hydra_logging=none")
"""Hydra would take the program's handlers away; ``run.log`` is written by the job (``ltgnn.experiment.run_log``)."""


def run_one(
    root: str, task: Callable[[DictConfig], Any], words: Sequence[str], progress: bool, tree: Path | None = None
) -> Path:
    """The run folder of ``ltgnn ROOT WORDS``, where it has run; ``tree``: as for ``launch``."""
    folders: list[Path] = []

    def job(cfg: DictConfig) -> Any:
        folders.append(Path(str(cfg.paths.run_dir)))
        return task(cfg)

    launch(root, job, words, Output(tables=False, progress=progress), several=False, tree=tree)
    return folders[0]


def run_sweep(root: str, task: Callable[..., Any], words: Sequence[str], progress: bool) -> Path:
    """The folder of the sweep ``ltgnn ROOT WORDS -m``, whose jobs have all been tried."""
    output = Output(tables=False, progress=progress)
    launch(root, task, words, output, several=True)
    if output.folder is None:
        raise UserError("hydra/sweeper: this sweeper keeps no folder of its jobs; grid or optuna wanted.")
    return output.folder


def launch(
    root: str,
    task: Callable[..., Any],
    words: Sequence[str],
    output: Output,
    several: bool,
    tree: Path | None = None,
) -> None:
    """What ``ltgnn ROOT WORDS [-m]`` does but for what it prints. ``tree``: of yaml, in place of the package's own.

    Raises ``UserError`` with the message of the command line; any other error is a fault of ltgnn, and raised as it
    is. Failed jobs of a sweep do not raise: their folders say why. With HYDRA_FULL_ERROR=1 all errors are raised as
    they are. Calls from several threads wait for each other.
    """
    from hydra._internal.hydra import Hydra
    from hydra._internal.utils import create_config_search_path

    from ltgnn.config import resolvers
    from ltgnn.io.libyaml import faster_omegaconf
    from ltgnn.sweeps.execute import clean

    arguments, packages = split_trust(words)
    typed = ["-m", *arguments] if several else arguments
    caught: list[Exception] = []
    with ONE_AT_A_TIME, hydra_put_back(), clean(), log_shown(output.progress):
        resolvers.register()
        full_error = os.environ.get("HYDRA_FULL_ERROR") == "1"
        try:
            if wrong := wrong_choice(arguments, root, tree):
                raise UserError(wrong)
            with trusting(packages), faster_omegaconf(), as_hydra_reads_it(root, typed):
                hydra = Hydra.create_main_hydra2("ltgnn", create_config_search_path(str(tree or conf_dir())))
                start = hydra.multirun if several else hydra.run
                start(root, guard(task, caught, output), [*arguments, *OWN_LOGGING])
            for error in caught:
                if SWEPT not in notes(error):
                    raise error
        except Exception as error:
            text = message(error)
            if full_error or text is None:
                raise
            raise UserError(in_plain_words(text, arguments, root, tree)) from None
    if caught:
        said = pluralize(len(caught), "job has", "jobs have")
        log.warning("%s failed; see the attribute `failed` of what is returned.", said)


def notes(error: BaseException) -> Sequence[str]:
    """What was added to an error."""
    found: Sequence[str] = vars(error).get("__notes__", ())
    return found
