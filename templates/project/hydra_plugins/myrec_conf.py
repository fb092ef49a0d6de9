"""Tells Hydra where the options of this package are. Hydra reads every module of `hydra_plugins`."""

from pathlib import Path

from hydra.core.config_search_path import ConfigSearchPath
from hydra.plugins.search_path_plugin import SearchPathPlugin

import myrec


class MyrecConf(SearchPathPlugin):
    """Adds `myrec/conf` to the folders in which options are looked for."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        search_path.append("myrec", f"file://{Path(myrec.__file__).parent / 'conf'}")
