"""What CONTRIBUTING.md names exists: sections, paths, classes, rooms."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from hydra.utils import get_object

from tests.behaviour import added_parts
from tests.behaviour.contributing import CODES, COMMANDS, GUIDE, PROSE, ROOT

HERE = Path(__file__).parent
ADDED = sorted(path.relative_to(HERE / "added_conf").as_posix() for path in (HERE / "added_conf").rglob("*.yaml"))

SECTIONS = (
    "loss", "fusion", "encoder", "sampler", "graph", "closed form", "view", "metric", "score adjustment",
    "serving rule", "features", "reader", "data set", "split", "command",
)  # fmt: skip


def test_there_is_a_section_for_every_kind_of_part() -> None:
    headings = re.findall(r"^## Add an? (.+)$|^## Add (features)$", GUIDE, re.MULTILINE)
    assert [one or other for one, other in headings] == list(SECTIONS)
    for section in re.split(r"^## ", GUIDE, flags=re.MULTILINE):
        if section.startswith("Add "):
            assert "`tests/" in section, "it says where the test belongs"
            assert "`ltgnn/" in section or "`conf/" in section


@pytest.mark.parametrize("word", ADDED)
def test_each_example_is_used_by_a_command(word: str) -> None:
    group, name = Path(word).parent.as_posix(), Path(word).stem
    assert any(f"{group}={name}" in command.split() for command in COMMANDS), word
    (target,) = re.findall(r"_target_: tests\.behaviour\.added_parts\.(\w+)", (HERE / "added_conf" / word).read_text())
    assert f"`{target}`" in GUIDE
    assert hasattr(added_parts, target)


def test_paths_exist() -> None:
    paths = {code for code in CODES if re.fullmatch(r"[\w-]+(/[\w.-]*)+|\w+\.(md|py|toml)", code)}
    assert {"ltgnn/types.py", "conf/loss/", "CHANGELOG.md"} <= paths
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


def test_names_exist() -> None:
    names = {code for code in CODES if re.fullmatch(r"ltgnn(\.\w+)+", code)}
    assert {"ltgnn.types.Loss", "ltgnn.types.Encoder"} <= names
    for name in names:
        assert get_object(name) is not None


def test_the_table_of_rooms_is_the_contract() -> None:
    contract, *_ = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    rooms = [room for layer in contract["layers"] for room in layer.split(" | ")]
    first = re.findall(r"^\| ([^|]+) \|", PROSE.partition("## Where is what")[2], re.MULTILINE)
    assert re.findall(r"`ltgnn/(\w+)(?:/|\.py)`", " ".join(first)) == rooms
