"""How a Hydra entry starts and how its errors reach the user."""

from __future__ import annotations

import functools
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ltgnn.config.error_messages import message
from ltgnn.config.group_words import wrong_choice
from ltgnn.config.help_page import HELP, help_page
from ltgnn.config.paths import conf_dir
from ltgnn.config.search_path import FLAG, named_folders, searching, split_folders
from ltgnn.config.suggestions import in_plain_words
from ltgnn.config.trust import VARIABLE, split_trust, trusted_packages, trusting
from ltgnn.io.libyaml import faster_omegaconf
from ltgnn.io.terminal import printable_lines
from ltgnn.types import UserError

if TYPE_CHECKING:
    from omegaconf import DictConfig

log = logging.getLogger(__name__)


@dataclass
class Output:
    """What a command shows while it runs and at its end, and where its results are, once that is known."""

    tables: bool = True
    progress: bool = True
    folder: Path | None = None


class Main(Protocol):
    """``tree``: a yaml tree with the root of the command, instead of the package's own."""

    def __call__(self, argv: Sequence[str] | None = None, tree: Path | None = None) -> int: ...


def hydra_entry(config_name: str, task: Callable[..., Any]) -> Main:
    """``main(argv)`` for a task: composes, runs or sweeps, prints user errors as one message, returns the exit code."""

    def main(argv: Sequence[str] | None = None, tree: Path | None = None) -> int:
        import hydra
        from hydra.core.global_hydra import GlobalHydra
        from hydra.core.hydra_config import HydraConfig

        from ltgnn.config import resolvers

        resolvers.register()
        outer = HydraConfig.instance().cfg
        caught: list[Exception] = []
        arguments, packages = split_trust(sys.argv[1:] if argv is None else argv)
        arguments.sort(key=lambda word: word not in ("-m", "--multirun"))  # Hydra requires contiguous overrides
        full_error = os.environ.get("HYDRA_FULL_ERROR")
        searched = ExitStack()  # the user's folders, which the message of an error looks in as well
        try:
            arguments, folders = split_folders(arguments)
            searched.enter_context(searching(folders))
            if any(word in HELP for word in arguments):
                print(help_page(config_name))
                return 0
            if any(word.partition("=")[0] in ("-sc", "--shell-completion") for word in arguments):
                raise UserError('tab completion is set up by: eval "$(ltgnn completion bash)"; or zsh, fish (--help).')
            if wrong := wrong_choice(arguments, config_name, tree):
                raise UserError(wrong)
            with trusting(packages), faster_omegaconf(), as_hydra_reads_it(config_name, arguments):
                hydra.main(config_path=str(tree or conf_dir()), config_name=config_name, version_base="1.3")(
                    guard(task, caught)
                )()
            for error in caught:  # of a single run; those of a sweep are in the folders and in its table
                if not _sweeping(error):
                    raise error
        except Exception as error:
            if full_error == "1" or (text := message(error)) is None:
                raise
            text = in_plain_words(text, arguments, config_name, tree)
            print(printable_lines(f"ltgnn: {text}"), file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("ltgnn: interrupted", file=sys.stderr)
            return 130
        finally:
            searched.close()
            GlobalHydra.instance().clear()
            HydraConfig.instance().cfg = outer  # Hydra leaves it after --cfg
        return 1 if caught else 0

    return main


@contextmanager
def as_hydra_reads_it(config_name: str, arguments: Sequence[str]) -> Iterator[None]:
    """Command line and environment of this process as Hydra and the processes of a sweep read them, for a while."""
    command, variables = sys.argv, ("HYDRA_FULL_ERROR", VARIABLE)
    before = {name: os.environ.get(name) for name in variables}
    flags = [f"{FLAG}={folder}" for folder in named_folders()]  # for the record, and for the command that resumes
    sys.argv = [f"ltgnn {config_name}", *flags, *arguments]
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra hands the error on instead of printing it and leaving
    os.environ[VARIABLE] = ",".join(trusted_packages())
    try:
        yield
    finally:
        sys.argv = command
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


def guard(task: Callable[..., Any], caught: list[Exception], output: Output | None = None) -> Callable[..., Any]:
    """``task``, whose errors are kept in ``caught``, so that a sweep continues after a failed job."""

    @functools.wraps(task)
    def job(cfg: DictConfig) -> Any:
        from hydra.core.hydra_config import HydraConfig
        from hydra.types import RunMode

        from ltgnn.config.check import refuse_wrong_values

        try:
            hydra = HydraConfig.get()
            refuse_wrong_values(cfg, str(hydra.job.config_name), dict(hydra.runtime.choices))
            return task(cfg)
        except Exception as error:
            caught.append(error)
            hydra = HydraConfig.get()
            if hydra.mode == RunMode.MULTIRUN:
                error.add_note(SWEPT)
                text = printable_lines(error if isinstance(error, UserError) else repr(error))
                log.error("job %s failed: %s", hydra.job.num, text)
            return None

    job.caught = caught  # type: ignore[attr-defined]  # a sweeper adds what failed in other processes
    job.output = output or Output()  # type: ignore[attr-defined]  # a sweeper reads it, and says where the sweep is
    return job


SWEPT = "in a job of a sweep; the others went on"


def _sweeping(error: Exception) -> bool:
    return SWEPT in getattr(error, "__notes__", ())


def explain(error: BaseException, words: Sequence[str] = (), root: str = "train") -> str:
    """The one message of an error of ``compose(root, words)``; for an unknown key or option with the nearest match."""
    return in_plain_words(message(error) or str(error).strip(), words, root)
