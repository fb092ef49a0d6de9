"""libyaml's reader and writer beside OmegaConf's own."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf, _utils
from omegaconf import omegaconf as conf

from ltgnn.config.paths import conf_dir
from ltgnn.io import libyaml
from tests.conftest import CONF

FILES = [path for folder in (conf_dir(), CONF) for path in sorted(folder.rglob("*.yaml"))]


@pytest.mark.parametrize("file", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_file_of_the_tree_reads_the_same(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert libyaml.load(text) == yaml.load(text, Loader=libyaml.own_loader())


@pytest.mark.parametrize("text", ["a: 1e-3", "a: 2024-01-01", "a: '1e-3'", "a: on", "a: .inf", "a: 1_000", "a: [1:30]"])
def test_numbers_dates_and_words(text: str) -> None:
    assert libyaml.load(text) == yaml.load(text, Loader=libyaml.own_loader())
    assert libyaml.loader() is not libyaml.own_loader()


@pytest.mark.parametrize("load", [libyaml.load, lambda text: yaml.load(text, Loader=libyaml.own_loader())])
def test_a_doubled_key_is_refused(load: object) -> None:
    with pytest.raises(yaml.constructor.ConstructorError, match="duplicate key a"):
        load("a: 1\na: 2")  # type: ignore[operator]


words = st.sampled_from(["1e-3", "1", "true", "on", "~", "", "é", "a: b", "- x", "two\nlines", "2024-01-01", "x" * 200])
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | words | st.text(max_size=5)
trees = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner)
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), trees, max_size=3))
def test_what_is_written_is_read_again_by_both(tree: dict[str, object]) -> None:
    text = libyaml.dump(tree)
    assert libyaml.load(text) == tree
    assert yaml.load(text, Loader=libyaml.own_loader()) == tree


def test_omegaconf_has_its_own_functions_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_utils, "get_yaml_loader", libyaml.own_loader)  # the suite itself reads by libyaml
    monkeypatch.setattr(conf, "get_omega_conf_dumper", libyaml.own_dumper)
    config = OmegaConf.create({"lr": "1e-3", "name": "on", "ids": [1, None]})
    plain = OmegaConf.to_yaml(config)
    with libyaml.faster_omegaconf():
        assert _utils.get_yaml_loader is libyaml.loader
        assert OmegaConf.to_yaml(config) == plain
        assert OmegaConf.create(plain) == config
    assert _utils.get_yaml_loader is libyaml.own_loader
    assert conf.get_omega_conf_dumper is libyaml.own_dumper
