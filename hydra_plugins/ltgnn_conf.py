"""Where Hydra looks for yaml: ``--config-dir`` and ``LTGNN_CONF``, and words of which several make one option."""

from __future__ import annotations

import re

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.object_type import ObjectType
from hydra.plugins.config_source import ConfigResult, ConfigSource
from hydra.plugins.search_path_plugin import SearchPathPlugin

HEADER: dict[str, str | None] = {"package": None}
"""What the first lines of a yaml file say to Hydra: nothing."""


class JoinedWords(ConfigSource):
    """``features=minilm+images``: an option without a file, whose parts have the names of its words.

    It is what ``conf/features/joined.yaml`` is with ``+features@features.parts.minilm=minilm`` and the same of images.
    """

    @staticmethod
    def scheme() -> str:
        return "joined"

    def load_config(self, config_path: str) -> ConfigResult:
        from omegaconf import OmegaConf

        parts = {
            "defaults": [f"{word}@parts.{word}" for word in self.words(config_path)],
            "_target_": "ltgnn.features.item_features.JoinedFeatures",
        }
        return ConfigResult(
            provider=self.provider, path=self.full_path(), config=OmegaConf.create(parts), header=HEADER
        )

    def available(self) -> bool:
        return True

    def is_group(self, config_path: str) -> bool:
        return False

    def is_config(self, config_path: str) -> bool:
        words = self.words(config_path)
        plain = all(re.fullmatch(r"[\w-]+", word) for word in words)
        return config_path.startswith(f"{self.path}/") and plain and 1 < len(words) == len(set(words))

    def words(self, config_path: str) -> list[str]:
        return config_path.removeprefix(f"{self.path}/").removesuffix(".yaml").split("+")

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:
        return []


class UserTrees(SearchPathPlugin):
    """Adds the folders that the user has named, and the joined words of features."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        from ltgnn.config.search_path import VARIABLE, named_folders

        for folder in named_folders():
            search_path.append(VARIABLE, f"file://{folder}")
        search_path.append("ltgnn", "joined://features")
