"""Words of the command line that choose options of config groups, checked before anything is composed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ltgnn.config.option_files import CHOICE, written_keys
from ltgnn.config.paths import conf_dir
from ltgnn.config.search_path import is_group, option_names, trees

TARGET = "_target_"

JOINED = ("features",)
"""Groups of which several options, with + between, make one: those of ``hydra_plugins/ltgnn_conf.py``."""


def wrong_choice(words: Sequence[str], root: str, tree: Path | None = None) -> str:
    """A message where a group is given null, is left out though it is needed, or is given options of which one would
    silently replace another's part; empty where all is well.

    ``root``: the yaml that the words are for; ``tree``: the folder of the yaml.
    """
    for word in words:
        if (removed := re.fullmatch(r"~([\w/]+)", word)) and removed.group(1) in needed_groups(root, tree):
            group = removed.group(1)
            return f"{word} given, but ltgnn {root} needs one option of {group}: {options_of(group)}."
        given = re.fullmatch(r"([\w/]+)=(.*)", word, re.DOTALL)
        if not given or not is_group(given.group(1)):
            continue
        group, value = given.groups()
        if any(map(reads_as_other, split(value))):
            return f"{word} given, one option wanted: {options_of(group)}."
        if (listed := re.fullmatch(r"\[(.*)\]", value)) and (parts := same_parts(group, chosen := split(listed[1]))):
            double = f" ({', '.join(parts)} would be that of the last)" if parts != [group] else ""
            both = f" Side by side: {group}={'+'.join(chosen)}." if group in JOINED else ""
            return (
                f"{word} given, one option wanted{double}: {options_of(group)}.{both} To run several: "
                f"{group}={','.join(chosen)} -m"
            )
    return ""


def reads_as_other(value: str) -> bool:
    """Whether a value is no option's name: nothing, null, a truth value or a number."""
    return not value or value.lower() in ("null", "true", "false") or re.fullmatch(r"[+-]?[\d.]+", value) is not None


def split(text: str) -> list[str]:
    """The entries of ``a, b``."""
    return [one.strip() for one in text.split(",")]


def options_of(group: str) -> str:
    """The options of a group, in a line."""
    return ", ".join(option_names(group))


def needed_groups(root: str, tree: Path | None) -> list[str]:
    """The groups of which the yaml of a command chooses an option."""
    text = (tree or conf_dir()).joinpath(f"{root}.yaml").read_text(encoding="utf-8")
    return [group for group, option in re.findall(r"^  - ([\w/]+): *(\S+)", text, re.MULTILINE) if option != "null"]


def same_parts(group: str, options: Sequence[str]) -> list[str]:
    """Keys at which the parts of several options of a group differ; the group where each option is one part."""
    keys = [written_keys(group, option, trees()) for option in options]
    at = group.replace("/", ".")
    differing = [
        key
        for key in dict.fromkeys(key for one in keys for key in one if CHOICE not in key)
        if len({str(one[key].value) for one in keys if key in one}) > 1
    ]
    if differing and all(f"{at}.{TARGET}" in one for one in keys):
        return [group]
    return [key.removesuffix(f".{TARGET}") for key in differing if key.endswith(f".{TARGET}")]
