"""The values that stand in the yaml of an option."""

from __future__ import annotations

from pathlib import Path

from ltgnn.config.option_files import YamlValue, merge_keys, written_keys


def test_keys_of_an_option_and_of_its_defaults(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model/base.yaml").write_text("dim: 8  # columns\nlayers: 1\n")
    (tmp_path / "model/deep.yaml").write_text("defaults: [base, _self_]\nlayers: 4\n")
    found = written_keys("model", "deep", [tmp_path])
    assert {key: str(one.value) for key, one in found.items()} == {"model.dim": "8", "model.layers": "4"}
    assert found["model.dim"].comment == "columns"
    assert written_keys("model", "gone", [tmp_path]) == {}


def test_a_file_of_a_group_below_says_where_its_keys_go(tmp_path: Path) -> None:
    """As Hydra composes it: without a line of its own, where the group is."""
    (tmp_path / "model/conv").mkdir(parents=True)
    (tmp_path / "model/deep.yaml").write_text("defaults: [conv: mean, kernel: fast]\n")
    (tmp_path / "model/conv/mean.yaml").write_text("# @package model.encoder\nbias: true\n")
    (tmp_path / "model/kernel").mkdir()
    (tmp_path / "model/kernel/fast.yaml").write_text("rows: 1\n")
    assert set(written_keys("model", "deep", [tmp_path])) == {"model.encoder.bias", "model.kernel.rows"}


def test_a_node_takes_the_place_of_a_value_and_the_other_way_round() -> None:
    one = YamlValue(1, "")
    assert merge_keys({"a": one, "b": one}, {"a.x": one}) == {"b": one, "a.x": one}
    assert merge_keys({"a.x": one, "a.y": one}, {"a": one}) == {"a": one}
