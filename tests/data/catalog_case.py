"""What tests of catalog share."""

import os
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate

from ltgnn.data.catalog import load
from tests.data.readers import CONF

MIRROR = Path(os.environ.get("LTGNN_MIRROR", "/nowhere"))


def real(test):
    """Marks a test of the real files: LTGNN_MIRROR names the folder that has them."""
    return pytest.mark.skipif(not MIRROR.is_dir(), reason="needs LTGNN_MIRROR")(test)


def dataset(name, folder, *overrides):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose(overrides=[f"+data={name}", f"+paths.data_dir={folder}", *overrides])
        return load(**instantiate(cfg.data, _convert_="all"))
