"""The pages of options, knobs and metrics have all there is, each with default, values and meaning."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from docs.generate import knobs, meanings, metrics, options, written_values
from docs.generate.tables import table
from docs.generate.yaml_keys import Source, package_of
from ltgnn.commands.models import config_groups
from ltgnn.config.composing import compose_config
from ltgnn.config.paths import conf_dir
from ltgnn.config.root_schema import ROOTS
from ltgnn.evaluation.metric import Metric


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {group: options.page(group) for group in options.groups()}


def test_every_option_and_key_is_there(pages: dict[str, str]) -> None:
    """Also what `ltgnn models` lists; experiments are shown whole."""
    assert {group.split("/")[0] for group in config_groups()} <= set(pages)
    for file in options.files():
        source = Source.of(file)
        name = file.parent.relative_to(conf_dir()).as_posix()
        page = pages[name.split("/")[0]]
        assert f"## {name}={file.stem} " in page
        for key in source.settings() if not name.startswith("experiment") else ():
            assert f"| `{'.'.join(filter(None, (package_of(source), *key.path)))}` |" in page, f"{file}: {key.path}"


def test_every_key_has_a_meaning_and_no_meaning_is_left_over(pages: dict[str, str]) -> None:
    for page in pages.values():
        for line in page.splitlines():
            if line.startswith(("| `", "| +`")):
                assert "|  |" not in line, line
                assert not {"???", "_target_", ">-"} & set(line.replace("`", " ").split()), line
    assert set(meanings.meanings()) == meanings.USED


def test_defaults_are_those_that_a_run_has(pages: dict[str, str]) -> None:
    """Against the configuration that Hydra composes."""
    cfg = compose_config("train", ["model=lightgcn", "loss=softmax", "features=none"])
    assert (
        f"| `loss.ranking.temperature` | `{cfg.loss.ranking.temperature}` | a number of at least 1e-06 |"
        in pages["loss"]
    )
    assert f"| `sweep.save_every` | `{cfg.sweep.save_every}` | a number of at least 0 |" in pages["sweep"]
    assert (
        "| `model.encoder.readout.ego` | `true` | true or false or a number from 0 to 1 | layer 0 is part of the mean |"
        in pages["model"]
    )
    assert "| `split.val` | `0.1` |" in pages["split"]


def test_a_key_without_a_meaning_is_an_error() -> None:
    with pytest.raises(meanings.Unexplained, match=r"loss\.nothing has no comment"):
        meanings.meaning("loss.nothing")


def test_every_knob() -> None:
    for root in knobs.COMMANDS:
        rows = knobs.rows(root)
        assert {row[0].strip("`") for row in rows} == set(ROOTS[root].__dataclass_fields__)
        assert all(all(row) for row in rows), [row for row in rows if not all(row)]


def test_every_metric() -> None:
    cfg = compose_config("train", ["features=none"])
    page = metrics.page()
    for section in metrics.ABOUT:
        assert {one.name for one in metrics.metrics() if one.section == section} == set(cfg.eval[section])
    for one in metrics.metrics():
        assert isinstance(one.metric, Metric)
        assert one.metric.formula
        assert f"| `{one.name}` |" in page
    assert "| smaller | all lists |" in next(line for line in page.splitlines() if line.startswith("| `gini`"))


def test_comments_of_yaml(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(
        "# the file\na: 1 # beside\n# above\nb:\n  - 2\n  - 3\nc: '#'\nd: {_target_: x.Y, e: 1e-3} # of it\n"
    )
    found = {".".join(key.path): key[1:] for key in Source.of(file).settings()}
    assert found == {
        "a": ("1", "beside", False), "b": ("[2, 3]", "above", False), "c": ("'#'", "", False),
        "d": ("x.Y", "of it", True), "d.e": ("1e-3", "of it", False),
    }  # fmt: skip


def test_bars_in_tables() -> None:
    assert table(["a"], [["x | y"], ["`|g|` of"]]).splitlines()[2:] == [
        "| x \\| y |", "| <code>&#124;g&#124;</code> of |",
    ]  # fmt: skip


def test_defaults_are_written_for_readers() -> None:
    assert written_values.default("0.15") == "`0.15`"
    assert written_values.default("???") == "must be given"
    assert written_values.default("[_target_: a.b.Mirror x: Y, _target_: a.Urls]") == "`Mirror`, `Urls`"
    assert written_values.default(">- joined from a and b") == "`joined from a and b`"
    assert written_values.default("0123456789ab" + "c" * 52) == "`0123456789ab...`"


def test_values_are_told_by_the_default_where_no_annotation_does() -> None:
    said = [written_values.values("x", text) for text in ("true", "2", "0.5", "all_items", "[]", "{}")]
    assert said == ["true or false", "a whole number", "a number", "text", "a list", "names with a value each"]
    assert written_values.values("hydra.launcher.workers", "null") == "a whole number of at least 1 or null"
    with pytest.raises(KeyError, match="no line for x"):
        written_values.values("x", "null")


def test_headings_are_in_order(pages: dict[str, str]) -> None:
    """No level is left out."""
    for group, page in pages.items():
        text = re.sub(r"```.*?```", "", page, flags=re.DOTALL)
        levels = [len(line.partition(" ")[0]) for line in text.splitlines() if line.startswith("#")]
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in pairwise(levels)), group
