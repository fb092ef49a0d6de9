"""What may stand where the cursor is, from the yaml trees and the text of the commands: nothing slow is imported."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ltgnn.commands.completion.command_text import COMPOSED, flags, keys, subcommands
from ltgnn.commands.completion.run_folders import folders, run_folders
from ltgnn.config.option_files import written_keys
from ltgnn.config.paths import conf_dir, paper_dir
from ltgnn.config.search_path import group_names, option_names, searching, split_folders, trees

OF_RUNS = ("table", "compare", "claim", "report", "pareto", "plot", "ensemble")
"""Commands whose words are folders of runs."""

SHELLS = ("bash", "zsh", "fish")

CHOICES = {"--cfg": ("job", "hydra", "all"), "--info": ("config", "defaults", "defaults-tree", "searchpath", "plugins")}
"""What may follow a flag of Hydra."""


def candidates(line: str, commands: Mapping[str, str]) -> list[str]:
    """Whole words that begin with the last word of ``line``; ``commands``: name -> module."""
    *given, typed = after_program(split(line))
    try:
        rest, named = split_folders(given)
        with searching([folder for folder in named if Path(folder).is_dir()]):
            found = sorted(set(suggested(rest, typed, given[-1] if given else "", commands)))
    except Exception:  # a line that cannot be completed is left as it is
        return []
    return [word for word in found if word.startswith(typed)]


def split(line: str) -> list[str]:
    """The words up to the cursor, the last one as far as it is typed; "" where a new one begins."""
    for closing in ("", "'", '"'):
        try:
            words = shlex.split(line + closing)
        except ValueError:
            continue
        return words if words and line[-1:].strip() else [*(words or ["ltgnn"]), ""]
    return ["ltgnn", ""]


def after_program(words: Sequence[str]) -> Sequence[str]:
    """The words behind ``ltgnn``, which other commands, variables or ``nice`` may stand before."""
    start = max((place for place, word in enumerate(words[:-1]) if word in ("&&", "||", "|", ";", "&")), default=-1) + 1
    for place, word in enumerate(words[start:-1], start + 1):
        if word.rpartition("/")[2] == "ltgnn":
            return words[place:]
    return words[1:]


def suggested(given: Sequence[str], typed: str, before: str, commands: Mapping[str, str]) -> Iterator[str]:
    """Candidates for the word after ``given``."""
    if not given:
        yield from (*commands, "--help", "--version")
        return
    command, *rest = given
    if command not in commands:
        return
    if before == "--config-dir":
        yield from folders(typed)
    elif before in CHOICES:
        yield from CHOICES[before]
    elif typed.startswith("-"):
        yield from flags(command, commands[command])
    elif command == "completion":
        yield from SHELLS if not rest else ()
    elif command == "models":
        yield from of_models(typed)
    elif command == "reproduce":
        yield from (file.stem for file in paper_dir().glob("*.yaml"))
    elif command in OF_RUNS and "=" not in typed:
        yield from run_folders(typed, sweeps=True)
        yield from composed_keys(command, rest) if command == "ensemble" else ()
    elif names := subcommands(commands[command]):
        yield from names if not rest else (*data_sets(), *folders(typed, files=True), *composed(typed, rest, "train"))
    elif command in COMPOSED:
        yield from composed(typed, rest, command)
    else:
        yield from of_pairs(typed, rest, commands[command])


def of_models(typed: str) -> Iterator[str]:
    """Groups, and the options of a group once its ``=`` or ``.`` stands there."""
    if sign := re.search(r"[=.]", typed):
        group = typed[: sign.start()]
        yield from (f"{group}{sign[0]}{name}" for name in option_names(group) if "/" not in name)
    else:
        yield from group_names()


def data_sets() -> list[str]:
    return [name for name in option_names("data") if "/" not in name]


def composed(typed: str, rest: Sequence[str], command: str) -> Iterator[str]:
    """Words of a configuration: ``GROUP=``, ``KEY=``, and after ``=`` the options of the group."""
    name, equals, value = typed.partition("=")
    if not equals:
        yield from composed_keys(command, rest, deep="." in typed)
        return
    plain = name.lstrip("+~")
    group = plain.partition("@")[0]
    if group.partition("/")[0] in group_names() and "." not in group:
        listed = value.rpartition(",")[0]  # a sweep goes on behind the last comma
        start = f"{name}={listed}," if listed else f"{name}="
        taken = listed.split(",")
        options = [option for option in option_names(group) if "/" not in option or group == "experiment"]
        yield from (f"{start}{option}" for option in options if option not in taken)
    elif plain in ("run", "features.run"):
        yield from (f"{name}={place}" for place in run_folders(value, sweeps=False))
    elif plain in ("profile", "sweep.resume", "sweep.dry_run") or default_of(plain, rest) in ("true", "false"):
        yield from (f"{name}=true", f"{name}=false")
    elif re.search(r"(path|dir|file|folder|lists|resume)$", plain):
        yield from (f"{name}={place}" for place in folders(value, files=True))


def composed_keys(command: str, rest: Sequence[str], deep: bool = False) -> Iterator[str]:
    """``GROUP=`` and ``KEY=`` of the command's yaml; ``deep``: the keys of the options that the line has chosen."""
    text = (conf_dir() / f"{command}.yaml").read_text(encoding="utf-8")
    yield from (f"{name}=" for name in re.findall(r"^  - (\w+): ", text, re.MULTILINE))
    roots = re.findall(r"^(\w+):", text, re.MULTILINE)
    yield from (f"{name}=" for name in roots if name not in ("defaults", "hydra", "choices", "changed"))
    if command == "evaluate":
        yield "score="
    of_user = [group for group in group_names() if group not in group_names([conf_dir()])]
    yield from (f"{group}=" for group in of_user if command == "train")
    yield from ("hydra/launcher=", "hydra/sweeper=")
    if deep:
        yield from (f"{key}=" for key in chosen_keys(text, rest))


def chosen_keys(text: str, rest: Sequence[str]) -> dict[str, str]:
    """Dotted key -> default of every option that is chosen: by the line, else by the command's yaml."""
    chosen = dict(re.findall(r"^  - (\w+): (\S+)", text, re.MULTILINE))
    chosen |= {key: value.partition(",")[0] for key, sign, value in (word.partition("=") for word in rest) if sign}
    among = trees()
    found = {
        key: str(one.value)
        for group, option in chosen.items()
        if group in group_names() or "/" in group
        for key, one in written_keys(group, option, among).items()
    }
    return {
        key: value for key, value in found.items() if "._" not in key and not key.startswith("_") and "=" not in key
    }


def default_of(key: str, rest: Sequence[str]) -> str:
    text = (conf_dir() / "train.yaml").read_text(encoding="utf-8")
    return chosen_keys(text, rest).get(key, "") if "." in key else ""


def of_pairs(typed: str, rest: Sequence[str], module: str) -> Iterator[str]:
    """Words of a command with ``KEY=VALUE``."""
    name, equals, value = typed.partition("=")
    if not equals:
        used = {word.partition("=")[0] for word in rest}
        yield from (f"{key}=" for key in keys(module) if key not in used)
        rules = next((word.partition("=")[2] for word in rest if word.startswith("rules=")), "")
        if typed.startswith("rules.") and rules:
            yield from (f"{key}=" for key in written_keys("rules", rules, trees()) if "._" not in key)
    elif name == "rules":
        yield from (f"rules={option}" for option in option_names("rules"))
    elif name == "run":
        yield from (f"run={place}" for place in run_folders(value, sweeps=False))
    elif name in ("events", "items", "out", "picture", "users", "judge"):
        yield from (f"{name}={place}" for place in folders(value, files=True))
