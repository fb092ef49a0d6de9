"""A single run that is refused leaves nothing behind: Hydra makes its folder and its log before the run is asked."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.experimental.callback import Callback
from omegaconf import DictConfig

LOG = "run.log"


class RemoveRefusedRun(Callback):
    """Removes the log, and the folders made for it, of a run that has written nothing else; for ``hydra.callbacks``."""

    def __init__(self) -> None:
        self.folder, self.before, self.made = Path(), set[Path](), list[Path]()

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:
        before = HydraConfig.instance().cfg
        HydraConfig.instance().set_config(config)  # the folder's name is made of values of Hydra's
        self.folder = Path(config.hydra.run.dir).absolute()
        HydraConfig.instance().cfg = before
        self.before = set(self.folder.iterdir()) if self.folder.is_dir() else set()
        self.made = [folder for folder in (self.folder, *self.folder.parents) if not folder.exists()]

    def on_run_end(self, config: DictConfig, **kwargs: Any) -> None:
        if not self.folder.is_dir() or set(self.folder.iterdir()) - self.before != {self.folder / LOG}:
            return
        detach_log(self.folder / LOG)
        (self.folder / LOG).unlink()
        for folder in self.made:  # the innermost first
            if any(folder.iterdir()):  # another run is there by now
                break
            folder.rmdir()


def detach_log(file: Path) -> None:
    """Takes away what would write the file again, in a process that goes on."""
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, logging.FileHandler)]:
        if Path(handler.baseFilename) == file:
            root.removeHandler(handler)
            handler.close()
