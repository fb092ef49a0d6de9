"""``--help`` of the commands that compose a configuration: their text, groups with options, keys with defaults."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from string import Template

import yaml

from ltgnn.config.option_files import leaves
from ltgnn.config.paths import conf_dir
from ltgnn.config.search_path import group_names, option_names

WIDTH = 80

INNER = ("defaults", "hydra", "choices", "changed", "callbacks", "trainer", "optimizer", "sweep", "runs")
"""Keys at the root of the yaml that are not knobs."""

OF_RUNS = {"evaluate": ("score",)}
"""Groups beside those of the yaml, which the run brings along."""

HELP = ("-h", "--help")


def help_page(root: str) -> str:
    """The template ``hydra.help.template`` of ``conf/ROOT.yaml``, filled in: groups, and keys at the root."""
    text = (conf_dir() / f"{root}.yaml").read_text(encoding="utf-8")
    template = Template(yaml.safe_load(text)["hydra"]["help"]["template"])
    groups = "\n".join(line for group in groups_of(root, text) for line in group_lines(group))
    return template.substitute(APP_CONFIG_GROUPS=groups, CONFIG="\n".join(key_lines(text))).rstrip()


def groups_of(root: str, text: str) -> list[str]:
    """The config groups of a command: those of its list of defaults, and for training the user's own."""
    found = [*re.findall(r"^  - (\w+): ", text, re.MULTILINE), *OF_RUNS.get(root, ())]
    of_user = [group for group in group_names() if group not in group_names([conf_dir()])] if root == "train" else []
    return [group for group in dict.fromkeys([*found, *of_user]) if group != "paths"]


def group_lines(group: str) -> Iterator[str]:
    """The options of a group and of its subgroups."""
    below: dict[str, list[str]] = {group: []}
    for option in option_names(group):
        inner, _, name = option.rpartition("/")
        below.setdefault(f"{group}/{inner}".rstrip("/"), []).append(name)
    for name, options in below.items():
        yield from wrap(f"{name}: {', '.join(options)}", "  ", "    ")


def key_lines(text: str) -> Iterator[str]:
    """``KEY=DEFAULT`` with the comment of the yaml."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)
    lines = text.splitlines()
    found = [(key, value) for key, value in root.value if key.value not in INNER]
    shown = {
        f"{name}={value.value if isinstance(value, yaml.ScalarNode) else '[]'}": written.comment
        for key, value in found
        for name, written in leaves(key, value, key.value, lines)
    }
    width = max(map(len, shown))
    for word, comment in shown.items():
        head = f"  {word:<{width}}  "
        yield from wrap(comment, head, " " * len(head)) or [head.rstrip()]


def wrap(text: str, first: str, other: str) -> list[str]:
    """Lines of at most 80 characters, the first and the others indented."""
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=other, break_on_hyphens=False)
