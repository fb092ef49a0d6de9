"""Descriptions of annotations, for messages: ``Annotated[int, Ge(1)]`` is "a whole number of at least 1"."""

from __future__ import annotations

import pytest
from omegaconf import OmegaConf

from ltgnn.config.nodes import nodes
from ltgnn.config.parameters import UNKNOWN, of_target
from ltgnn.config.paths import conf_dir

pytestmark = pytest.mark.usefixtures("no_job", "hydra_tree")


def test_every_leaf_of_our_yaml_has_an_annotation_that_can_be_read() -> None:
    """Else its check would be silently left out."""
    unread, read = set(), 0
    for file in conf_dir().rglob("*.yaml"):
        for _, part in nodes(OmegaConf.to_container(OmegaConf.load(file), resolve=False)):
            takes = of_target(part["_target_"]) if str(part.get("_target_")).startswith("ltgnn.") else None
            for name, value in part.items() if takes else ():
                if takes and not name.startswith("_") and value is not None and not isinstance(value, dict):
                    read += 1
                    if name in takes.known and takes.known[name].annotation is UNKNOWN:
                        unread.add(f"{part['_target_']}.{name}")
    assert unread == set()
    assert read > 300
