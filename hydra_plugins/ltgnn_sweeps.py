"""Where Hydra looks for sweepers and launchers. It reads this file at each start: the classes behind it come late."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any, ClassVar

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper


class Grid(Sweeper):
    """hydra/sweeper=grid"""

    behind: ClassVar[str] = "ltgnn.sweeps.sweeper.Grid"

    def __init__(self, **options: Any) -> None:
        module, _, name = self.behind.rpartition(".")
        self.sweeper = getattr(import_module(module), name)(**options)

    def setup(self, **parts: Any) -> None:
        self.sweeper.setup(**parts)

    def sweep(self, arguments: list[str]) -> Any:
        return self.sweeper.sweep(arguments)


class Search(Grid):
    """hydra/sweeper=optuna"""

    behind = "ltgnn.sweeps.optuna_sweeper.Search"


class Local(Launcher):
    """hydra/launcher=local"""

    behind: ClassVar[str] = "ltgnn.sweeps.launchers.local.Local"

    def __init__(self, **options: Any) -> None:
        module, _, name = self.behind.rpartition(".")
        self.runner = getattr(import_module(module), name)(**options)

    def setup(self, **parts: Any) -> None:
        """Nothing: the sweeper hands everything over with each job."""

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        raise ValueError("this launcher works with hydra/sweeper=grid or hydra/sweeper=optuna")


class Pool(Local):
    """hydra/launcher=pool"""

    behind = "ltgnn.sweeps.launchers.process_pool.Pool"


class Joblib(Local):
    """hydra/launcher=joblib"""

    behind = "ltgnn.sweeps.launchers.joblib.Joblib"


class Submitit(Local):
    """hydra/launcher=submitit"""

    behind = "ltgnn.sweeps.launchers.submitit.Submitit"
