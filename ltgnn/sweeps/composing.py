"""Configs of a sweep's jobs as Hydra composes them; jobs with the same options are composed once."""

from __future__ import annotations

import copy
import json
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl, get_overrides_dirname
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

KEPT = 64
"""Compositions that are remembered."""


class Composer:
    """What Hydra's ``load_sweep_config`` gives, without reading the yaml tree again for each seed.

    Which files a config is made of depends only on the options of groups; values (``lr=0.1``, ``+key=1``, ``~key``) are
    set on it afterwards, in their order. That is also what Hydra does, so that both give equal configs.
    """

    def __init__(self, loader: ConfigLoaderImpl, master: DictConfig) -> None:
        self.loader, self.master = loader, master
        self.parser = OverridesParser.create()
        self.made: OrderedDict[str, DictConfig] = OrderedDict()
        self.asked_for: set[str] = set()  # data, as JSON, that a job of this sweep has been fetched for

    def __call__(self, overrides: Sequence[str]) -> DictConfig:
        """The config of one job, with the node ``hydra``."""
        hydra_words: Any = OmegaConf.to_container(self.master.hydra.overrides.hydra)
        parsed = self.parser.parse_overrides([*hydra_words, *overrides])
        words = [override for override in parsed if self._chooses(override)]
        values = [override for override in parsed if not self._chooses(override)]
        self.loader.validate_sweep_overrides_legal(overrides=values, run_mode=RunMode.RUN, from_shell=True)
        config = copy.deepcopy(self._compose([str(word.input_line) for word in words]))
        ConfigLoaderImpl._apply_overrides_to_config(values, config)
        task = [override for override in parsed if not override.is_hydra_override()]
        with read_write(config.hydra), open_dict(config.hydra):
            job = config.hydra.job
            config.hydra.overrides.task = [override.input_line for override in task]
            job.override_dirname = get_overrides_dirname(
                overrides=task,
                kv_sep=job.config.override_dirname.kv_sep,
                item_sep=job.config.override_dirname.item_sep,
                exclude_keys=job.config.override_dirname.exclude_keys,
            )
        OmegaConf.copy_cache(from_config=self.master, to_config=config)  # the same clock for all
        return config

    def _chooses(self, override: Override) -> bool:
        """Whether it decides which files are read; settings of Hydra itself may."""
        if override.is_hydra_override():
            return True
        return self.loader.repository.group_exists(override.key_or_group) and not isinstance(override.value(), dict)

    def _compose(self, words: list[str]) -> DictConfig:
        key = json.dumps(words)
        if key not in self.made:
            name = self.master.hydra.job.config_name
            self.made[key] = self.loader.load_configuration(name, words, run_mode=RunMode.RUN)
            if len(self.made) > KEPT:
                self.made.popitem(last=False)
        self.made.move_to_end(key)
        return self.made[key]
