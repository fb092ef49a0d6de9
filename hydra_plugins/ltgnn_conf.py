"""Where Hydra looks for the user's yaml: ``--config-dir`` and ``LTGNN_CONF``."""

from __future__ import annotations

from hydra.core.config_search_path import ConfigSearchPath
from hydra.plugins.search_path_plugin import SearchPathPlugin


class UserTrees(SearchPathPlugin):
    """Adds the folders that the user has named."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        from ltgnn.config.search_path import VARIABLE, named_folders

        for folder in named_folders():
            search_path.append(VARIABLE, f"file://{folder}")
