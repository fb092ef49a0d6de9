"""The code blocks of the documentation taken apart, and each command of ours parsed without being run."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from functools import cache
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from ltgnn.cli import COMMANDS
from ltgnn.config import arguments
from ltgnn.config.composing import compose_config, compose_rules
from ltgnn.config.knobs import wrong_knobs
from ltgnn.types import UserError
from tests.behaviour.test_options_in_messages import groups, known

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
FENCE = re.compile(r"^( *)```(\w+)?[^\n]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
MARK = re.compile(r"<!-- (run|tested: (\S+)) -->\s*$")

HYDRA = ("train", "evaluate", "finetune", "ensemble")
"""Commands whose words are a configuration."""

PROGRAMS = {
    "bash", "cat", "cd", "column", "conda", "cp", "crontab", "curl", "diff", "echo", "eval", "export", "find", "fish",
    "git", "grep", "head", "jupyter", "ls", "make", "mkdir", "mkdocs", "mv", "nginx", "open", "optuna-dashboard", "pip",
    "printf", "pytest", "python", "rm", "sbatch", "scp", "source", "srun", "ssh", "systemctl", "tail", "tar",
    "torchrun", "touch", "unzip", "uv", "wandb", "wget", "zsh",
}  # fmt: skip
"""What else a block may call; their words are not looked at."""


PRINTING = ("models", "completion")
"""Commands that only print: they are run."""


class Block(NamedTuple):
    """One fenced block of a page."""

    page: Path
    line: int
    language: str
    text: str
    mark: str  # "", "run", "tested: tests/x.py"

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


class Parsed(Exception):
    """Raised in place of what a command does after it has read its words."""


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        mark = MARK.search(text[: found.start()])
        body = re.sub(rf"^{found[1]}", "", found[3], flags=re.MULTILINE)
        line = text[: found.start()].count("\n") + 1
        yield Block(page, line, found[2] or "", body, mark[1] if mark else "")


def commands(text: str) -> Iterator[list[str]]:
    """The simple commands of a shell text, as words without variables before them."""
    for line in re.sub(r"\\\n", " ", text).splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
        lexer.whitespace_split, lexer.commenters = True, "#"
        words: list[str] = []
        redirected = False
        for word in [*lexer, ";"]:
            if word and set(word) <= set("|&;"):
                if words:
                    yield words
                words, redirected = [], False
            elif word and set(word) <= set("<>"):
                redirected = True
            elif not redirected and (words or not re.fullmatch(r"[A-Z_]+=.*", word)):
                words.append(word)


def wrong(words: Sequence[str]) -> str:
    """What is wrong with a command; "" where nothing is."""
    program, *rest = words
    if program == "make":
        made = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
        return "" if {word for word in rest if "=" not in word} <= made else f"make has no target {rest}"
    if program != "ltgnn":
        return "" if program in PROGRAMS else f"'{program}' is not among the programs that a page may call"
    if not rest or rest[0] in ("--help", "--version"):
        return ""
    name, *rest = rest
    if name not in COMMANDS:
        return f"ltgnn has no command '{name}'"
    try:
        return wrong_configuration(name, rest) if name in HYDRA else wrong_words(name, rest)
    except UserError as error:
        return str(error)


def wrong_configuration(name: str, words: Sequence[str]) -> str:
    """A sweep is composed with the first value of each key; the others are looked up."""
    if name == "ensemble":
        words = [word for word in words if "=" in word or word.startswith("-")]
    words = [word for word in words if not word.startswith("trust=")]
    if any(word.startswith("--c") or word in ("--help", "-h", "--resolve") for word in words):
        words = words[: next(n for n, word in enumerate(words) if word.startswith("-") and word != "-m")]
    first, problems = [], []
    for word in words:
        if word in ("-m", "--multirun"):
            continue
        values = sweep_values(word)
        first.append(word if values is None else f"{word.partition('=')[0]}={values[0]}")
        key = word.partition("=")[0].lstrip("+~")
        for value in values or ():
            if key in groups():
                problems += [] if value in groups()[key] | {"null"} else [f"{key} has no option '{value}'"]
            else:
                problems += wrong_knobs(name, [f"{key}={value}"])
    if name == "evaluate" and any(word.startswith("run=") for word in first):  # over the recipe of the run
        name, first = "train", [word for word in first if not word.startswith("run=")]
    compose_config(name, first)
    return "\n".join(problems)


def sweep_values(word: str) -> list[str] | None:
    """The values of a key that is swept; None where it has one."""
    from hydra.core.override_parser.overrides_parser import OverridesParser

    override = OverridesParser.create().parse_override(word)
    if not override.is_sweep_override():
        return None
    if override.is_choice_sweep() or override.is_range_sweep():
        return [str(value) for value in override.sweep_string_iterator()]
    return [str(override.value().start)]  # an interval


def wrong_words(name: str, words: Sequence[str]) -> str:
    """The command reads its words and stops; keys and options among them exist."""
    module = import_module(COMMANDS[name][0])
    printed = StringIO()
    reading, parse = argparse.ArgumentParser.parse_known_args, arguments.parse
    inside: list[str] = []

    def read_flags(self: argparse.ArgumentParser, args: Any = None, namespace: Any = None, **options: Any) -> Any:
        inside.append(self.prog)  # a parser of a command inside of the command returns to the one around it
        found = reading(self, args, namespace, **options)
        inside.pop()
        if inside:
            return found
        if flags := [word for word in found[1] if word.startswith("-")]:
            raise UserError(f"unrecognized arguments: {' '.join(flags)}")
        raise Parsed

    def read_keys(*given: Any, **options: Any) -> Any:
        found = parse(*given, **options)
        if found is not None and found[1]:
            compose_rules(found[1])
        raise Parsed

    with ExitStack() as stack:
        stack.enter_context(redirect_stderr(printed))
        stack.enter_context(redirect_stdout(StringIO()))
        stack.enter_context(patch.object(argparse.ArgumentParser, "parse_known_args", read_flags))
        if hasattr(module, "parse"):
            stack.enter_context(patch.object(module, "parse", read_keys))
        try:
            module.main([word for word in words if not word.startswith("trust=")])
        except Parsed:
            return "\n".join(wrong_settings(words)) if name in ("data", "features") else ""
        except SystemExit:
            return printed.getvalue().strip().splitlines()[-1] if printed.getvalue() else ""
    return "" if name in PRINTING else f"ltgnn {name} did more than to read its words"


def wrong_settings(words: Sequence[str]) -> Iterator[str]:
    """``KEY=VALUE`` words of a command that takes both these and flags."""
    flagged = False
    for word in words:
        key, sign, value = word.lstrip("+~").partition("=")
        if sign and not flagged and not word.startswith("-"):
            if key in groups() and value.split(",")[0] not in groups()[key]:
                yield f"{key} has no option '{value}'"
            elif key not in groups() and not known(key):
                yield f"no recipe has {key}="
        flagged = word.startswith("--")


@cache
def pages_with(language: str) -> list[Block]:
    return [block for page in PAGES for block in blocks(page) if block.language == language]
