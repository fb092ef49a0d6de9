"""What tests of suggestions share."""

from __future__ import annotations

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from ltgnn.config import resolvers
from ltgnn.config.error_messages import message
from ltgnn.config.paths import conf_dir
from ltgnn.config.suggestions import in_plain_words


def refused(*words: str) -> str:
    """The message about words that cannot be composed."""
    resolvers.register()
    GlobalHydra.instance().clear()
    with pytest.raises(Exception, match=r".") as caught, initialize_config_dir(str(conf_dir()), version_base="1.3"):
        compose("train", list(words))
    return in_plain_words(message(caught.value) or "", words, "train")
