"""Reference pages of the config groups: every option with its keys, defaults, types, bounds, meaning and source."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from docs.generate import written_values
from docs.generate.meanings import meaning, stated
from docs.generate.tables import code, prose, table
from docs.generate.yaml_keys import Key, Source, package_of
from ltgnn.commands.models import comment, options
from ltgnn.config.libraries import LIBRARIES
from ltgnn.config.parameters import UNKNOWN, Parameter, imports_slow_library, located, of_callable, of_target
from ltgnn.config.paths import conf_dir
from ltgnn.config.root_schema import SECTIONS, Part
from ltgnn.config.type_names import describe_type, describe_value

ABOUT = {
    "data": "Where interactions and items come from, how they are read and cleaned.",
    "split": "Which interactions are train, validation and test.",
    "groups": "How items are sorted into head, tail and cold.",
    "features": "What is known of an item beside its interactions: text, numbers, images, given vectors.",
    "live": "A text encoder that is trained together with the recommender.",
    "projector": "From the features' width to that of the embeddings.",
    "graph": "Normalisation of the user-item graph, weights of its edges, item-item edges, kernels.",
    "fusion": "How ids and features of an item become its first state.",
    "model": "What propagates states or fits scores.",
    "init": "First values of the embedding tables.",
    "views": "What a contrastive loss compares.",
    "sampler": "Batches and negatives.",
    "loss": "What is minimised: a sum of named terms.",
    "optim": "The optimiser.",
    "schedule": "How the learning rate changes from step to step.",
    "score": "How states become scores, and post-hoc adjustments.",
    "eval": "Metrics, list lengths, groups of users.",
    "user_groups": "How users are sorted, for values by group of users.",
    "event_groups": "How held-out pairs are sorted by channel, store or device, for values by scene.",
    "rules": "Rules of a shop for `ltgnn recommend` and `ltgnn serve`.",
    "trainer": "Device, precision, processes.",
    "callbacks": "Early stopping and checkpoints.",
    "logger": "Weights & Biases.",
    "paths": "Folders of data, caches and runs.",
    "sweep": "How a sweep is kept, resumed and stopped.",
    "experiment": "Whole recipes: `ltgnn train experiment=NAME`.",
    "objective": "What `ltgnn finetune` trains a text encoder on.",
    "adapt": "Which weights of a text encoder are trained.",
    "blend": "How `ltgnn ensemble` joins the scores of runs.",
    "hydra": "What runs the jobs of a sweep, and what chooses them.",
}
"""Config group -> what it decides. A group without a line here is an error."""


def groups() -> list[str]:
    """The config groups of the first level, in the order of ``ABOUT``; ``KeyError`` for one that it has not."""
    found = {path.name for path in conf_dir().iterdir() if path.is_dir()}
    if missing := found - set(ABOUT):
        raise KeyError(f"docs/generate/options.py, ABOUT: no line for the config groups {sorted(missing)}")
    return [group for group in ABOUT if group in found]


def page(group: str) -> str:
    """The page of one config group with its subgroups."""
    folders = [folder for folder in (conf_dir() / group, *sorted((conf_dir() / group).rglob("*"))) if folder.is_dir()]
    names = [
        name for folder in folders if any(folder.glob("*.yaml")) and (name := folder.relative_to(conf_dir()).as_posix())
    ]
    lines = [f"# Options of {group}", "", ABOUT[group], "", *_legend(group)]
    level = "###" if len(names) > 1 else "##"
    for name in names:
        if len(names) > 1:
            lines += ["", f"## {name} " + "{ #" + anchor(name) + " }"]
        for option in options(name):
            source = Source.of(conf_dir() / name / f"{option.option}.yaml")
            lines += ["", f"{level} {name}={option.option} " + "{ #" + anchor(name, option.option) + " }", ""]
            about = option.about or comment(source.text)
            lines += [_sentence(about) + (f" Source: {option.source}." if option.source else ""), ""]
            lines += _recipe(source) if group == "experiment" else _option(source, name)
    return "\n".join(lines) + "\n"


def index() -> str:
    """The page of all groups: every option with its sentence."""
    lines = ["# Options", "", "One option of each group makes a run: `ltgnn train GROUP=OPTION ...`; with `-m`, "
             "options with commas between make a sweep. `ltgnn models` prints this list, `ltgnn train ... --cfg job` a "
             "whole configuration. The [knobs](knobs.md) are the keys that belong to no group.", ""]  # fmt: skip
    for group in groups():
        lines += ["", f"## [{group}](options/{group}.md)", "", ABOUT[group], ""]
        folders = [
            folder for folder in (conf_dir() / group, *sorted((conf_dir() / group).rglob("*"))) if folder.is_dir()
        ]
        rows = []
        for name in (folder.relative_to(conf_dir()).as_posix() for folder in folders):
            rows += [
                [f"[`{name}={one.option}`](options/{group}.md#{anchor(name, one.option)})", one.about, one.source]
                for one in options(name)
            ]
        lines.append(table(("option", "what it is", "source"), rows))
    return "\n".join(lines) + "\n"


def anchor(*words: str) -> str:
    return "-".join(words).replace("/", "-").replace("_", "-")


def _legend(group: str) -> list[str]:
    if group == "experiment":
        return ["What each recipe sets; everything else has its default."]
    return [
        f"Choose one with `{group}=OPTION`. A key is set as `KEY=VALUE`; one that begins with `+` is not in the yaml "
        "and is added. `${...}` reads another key."
        if group != "hydra"
        else "Choose with `hydra/launcher=OPTION` and `hydra/sweeper=OPTION`."
    ]


def _recipe(source: Source) -> list[str]:
    """The file; its comments are no wider than the page."""
    lines = source.text.strip().splitlines()
    short = [textwrap.wrap(line, 92, subsequent_indent="# ") if line.startswith("#") else [line] for line in lines]
    return ["```yaml", *(line for part in short for line in part), "```"]


def _option(source: Source, group: str) -> list[str]:
    """What it extends, and the table of its keys."""
    prefix = package_of(source)
    extends = [option.partition("@")[0] for name, option in source.defaults() if not name]
    others = [f"`{name.removeprefix('override ').lstrip('/')}={option}`" for name, option in source.defaults() if name]
    lines = []
    if extends:
        known = [f"[`{one}`](#{anchor(group, one)})" for one in extends]
        lines += [f"Has all keys of {', '.join(known)}; those below are its own or differ.", ""]
    if others:
        lines += [f"Takes {', '.join(others)} unless told otherwise.", ""]
    rows = [row(key, source, prefix) for key in source.settings()]
    rows += [added for path, target in own_targets(source).items() for added in _more(path, target, source, prefix)]
    if rows:
        lines += ['<div class="keys" markdown>', "", table(("key", "default", "values", "meaning"), rows), "", "</div>"]
    return lines


def own_targets(source: Source) -> dict[tuple[str, ...], str]:
    """The classes that the file names itself."""
    inherited = {path: target for base in source.extended() for path, target in base.targets().items()}
    return {path: target for path, target in source.targets().items() if inherited.get(path) != target}


def row(key: Key, source: Source, prefix: str) -> list[str]:
    """The line of one key."""
    name = ".".join(filter(None, (prefix, *key.path)))
    if key.is_part:
        return [
            code(name),
            code(key.value.rpartition(".")[2]),
            "a part",
            key.comment or stated(name) or summary(key.value) or meaning(name),
        ]
    parameter, taker = taken(key, source)
    told = parameter is not None and parameter.annotation not in (UNKNOWN, Any)
    values = in_words(parameter.annotation) if parameter and told else written_values.values(name, key.value)
    return [
        code(name),
        written_values.default(key.value),
        values,
        key.comment or described(taker, key.path[-1]) or meaning(name),
    ]


def taken(key: Key, source: Source) -> tuple[Parameter | None, Any]:
    """The parameter that takes a key and what it is a parameter of."""
    targets = source.targets()
    for depth in range(len(key.path) - 1, -1, -1):
        if target := targets.get(key.path[:depth]):
            parameters = of_target(target) if target in LIBRARIES or _class(target) is not None else None
            found = parameters.known.get(key.path[depth]) if parameters else None
            return (found if depth == len(key.path) - 1 else None), _class(target)
    group = source.file.parent.relative_to(conf_dir()).as_posix()
    schema = SECTIONS.get(group.partition("/")[0])
    if schema is None or "/" in group:
        return None, None
    taker = located(schema) if isinstance(schema, str) else schema
    found = of_callable(taker).known.get(key.path[0])
    return (found if len(key.path) == 1 and found and found.annotation is not Part else None), taker


def in_words(annotation: Any) -> str:
    """As messages say it."""
    return describe_type(annotation).replace("a part with a _target_", "a part")


@cache
def _class(target: str) -> Any:
    """The class or function; None of a module that costs seconds, imported or not: pages are always the same."""
    if imports_slow_library(target.rpartition(".")[0]):
        return None
    try:
        return located(target)
    except (ImportError, AttributeError):
        return None


def described(taker: Any, name: str) -> str:
    """What the docstring of a class, its bases or its constructor says of a parameter: ``name``: ..."""
    for text in _docstrings(taker):
        if found := re.search(
            rf"``{re.escape(name)}``(?: \([^)]*\))?: (.+?)(?=(?<=[.;)])\s+``\w+``:|\n- ``|\n\s*\n|\Z)", text, re.DOTALL
        ):
            return _plain(found[1])
    return ""


def summary(target: str) -> str:
    """The first sentence of a class's docstring."""
    text = inspect.getdoc(_class(target)) if target.startswith("ltgnn.") and _class(target) else ""
    return _plain((text or "").split("\n\n")[0])


def _docstrings(taker: Any) -> Iterator[str]:
    for one in taker.__mro__ if inspect.isclass(taker) else [taker]:
        if getattr(one, "__module__", "").startswith("ltgnn"):
            yield inspect.cleandoc(getattr(one, "__doc__", "") or "")
            if inspect.isclass(one) and "__init__" in vars(one):
                yield inspect.cleandoc(vars(one)["__init__"].__doc__ or "")


def _more(path: tuple[str, ...], target: str, source: Source, prefix: str) -> Iterator[list[str]]:
    """Arguments of a class of ours that the yaml does not set and that need not be given."""
    kind = _class(target)
    if kind is None or not target.startswith("ltgnn.") or not inspect.isclass(kind):
        return
    given = {
        key.path[len(path)] for key in source.settings() if key.path[: len(path)] == path and len(key.path) > len(path)
    }
    given |= {key.path[len(path)] for base in source.extended() for key in base.settings() if len(key.path) > len(path)}
    for name, parameter in inspect.signature(kind).parameters.items():
        plain = isinstance(parameter.default, (int, float, str, bool, type(None)))
        if parameter.default is parameter.empty or name in given or not plain:
            continue
        known = of_callable(kind).known.get(name)
        values = in_words(known.annotation) if known and known.annotation not in (UNKNOWN, Any) else ""
        if "a part" in values:  # handed over by build.py
            continue
        key = "+" + ".".join(filter(None, (prefix, *path, name)))
        yield [
            code(key),
            code(describe_value(parameter.default)),
            values,
            described(kind, name) or meaning(key.lstrip("+")),
        ]


def _plain(text: str) -> str:
    """Docstring markup as Markdown, on one line."""
    return " ".join(text.replace("``", "`").split())


def _sentence(text: str) -> str:
    text = text.strip()
    first = text.partition(" ")[0]
    text = text[:1].upper() + text[1:] if first.isalpha() and first.islower() else text
    return prose(text if not text or text.endswith((".", ":", "?")) else f"{text}.")


def files() -> Iterator[Path]:
    """Every yaml of the tree below a group."""
    yield from sorted(path for path in conf_dir().rglob("*.yaml") if path.parent != conf_dir())
