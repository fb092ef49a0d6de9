"""Reference page of the command line: the help of every command."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from contextlib import redirect_stdout, suppress
from importlib import import_module
from unittest.mock import patch

from ltgnn.cli import GROUPS, usage

COLUMNS = "90"


def page() -> str:
    """The help of all commands, by group, each under an anchor of its name."""
    lines = ["# Command line", "", "```text", usage(), "```"]
    for title, commands in GROUPS.items():
        lines += ["", f"## {title}"]
        for name, (module, about) in commands.items():
            text = help_of(module, ["--help"])
            lines += ["", f"### ltgnn {name} " + "{ #" + name + " }", "", sentence(about), ""]
            lines += ["```text", text, "```"]
            for action in actions(text):
                lines += ["", f"#### ltgnn {name} {action} " + "{ #" + f"{name}-{action}" + " }", ""]
                lines += ["```text", help_of(module, [action, "--help"]), "```"]
    return "\n".join(lines) + "\n"


def help_of(module: str, words: list[str]) -> str:
    """What ``main(words)`` of a command prints."""
    printed = io.StringIO()
    with patch.dict(os.environ, {"COLUMNS": COLUMNS}), redirect_stdout(printed), suppress(SystemExit):
        import_module(module).main(words)
    return "\n".join(line.rstrip() for line in printed.getvalue().strip().splitlines())


def actions(text: str) -> Iterator[str]:
    """The commands inside of a command: ``{fetch,import,...}`` as its first argument."""
    if found := re.search(r"^usage: ltgnn \w+ \[-h\]\s+\{([\w,-]+)\}", text, re.MULTILINE):
        yield from found[1].split(",")
    elif re.search(r"^usage: ltgnn \w+ \[-h\] COMMAND", text):
        yield from re.findall(r"^    ([a-z][a-z-]*)(?:  |$)", text, re.MULTILINE)


def sentence(about: str) -> str:
    return f"{about[:1].upper()}{about[1:]}" + ("" if about.endswith("?") else ".")
