"""What tests of metric direction share."""

from __future__ import annotations

from typing import Any

from hydra import compose, initialize_config_dir

from ltgnn.config import resolvers
from ltgnn.config.paths import conf_dir


def composed(*words: str) -> Any:
    resolvers.register()
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        return compose("train", overrides=["paths.run_dir=/RUN", *words])
