"""Labels of runs: the options that differ among them, without those implied by others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ltgnn.io.terminal import printable
from ltgnn.runs.override_words import override_values
from ltgnn.runs.run import OF_TRAINING, Run

PLAINLY = ("experiment", "model", "fusion", "loss")
"""Config groups whose options are shown without the group's name beside that of the model, in display order."""

NO_AXES = (
    "seed", "tags", "task", "run", "lists", "changed", "runs", "reads_features", "sweep", "paths", "logger", "profile",
    "closed",
)  # fmt: skip
"""Keys that do not distinguish configurations, with all below them."""

SCHEDULE = ("epochs", "min_epochs", "eval_every", "patience")
"""Length of training: shown only where it matters."""

NOTHING = ("-", "None")
LONG = re.compile(r"-?\b\d+\.\d{5,}(?:e-?\d+)?\b")
"""A number as a search draws it."""


def differing_keys(runs: Sequence[Run]) -> tuple[str, ...]:
    """Choices, root knobs and overridden keys that differ among the runs; what others of them imply is not repeated."""
    given = {key: None for run in runs for key in override_values(run.overrides) if not key.startswith("hydra")}
    keys = {
        **{key: None for run in runs for key in run.config.get("choices", {})},
        **{key: None for run in runs for key, value in run.config.items() if not isinstance(value, dict | list)},
        **{key: None for run in runs for key in run.changed},
        **given,
    }
    if any(run.config.get("task") == "ensemble" for run in runs):  # it has no knobs of training that could differ
        keys = {k: None for k in keys if k in PLAINLY or all(run.option(k) not in NOTHING for run in runs)}
    options = {key: [run.option(key) for run in runs] for key in keys if _parts(key)[0] not in NO_AXES}
    seeds = [run.seed for run in runs]  # a key that follows the seed, as split.seed may, distinguishes none
    differ = {
        key: said for key, said in options.items() if said != seeds and len(set(options_there(key, said, runs))) > 1
    }
    found = [key for key in differ if key in given or not is_implied(key, differ)]
    return tuple(sorted(found, key=lambda key: key not in PLAINLY)) or ("model", "fusion", "loss")


def labels(runs: Sequence[Run], seeds: bool = False) -> list[str]:
    """A short name of each run, on one line; how long was trained only where nothing else differs.

    ``seeds``: name the seed too, last, where it differs.
    """
    groups = differing_keys(runs)
    full = [label(run, groups) for run in runs]
    short = [label(run, [group for group in groups if group not in SCHEDULE]) for run in runs]
    brief = [label(run, [group for group in groups if group not in SCHEDULE], brief=True) for run in runs]
    found = next(texts for texts in (brief, short, full) if len(set(texts)) == len(set(full)))
    if seeds and len({run.seed for run in runs}) > 1:
        found = [
            text if run.closed_form and not run.computed_with_seed else f"{text} seed={run.seed}"
            for text, run in zip(found, runs, strict=True)
        ]
    rounded = [shorten_numbers(text) for text in found]
    return [printable(text) for text in (rounded if len(set(rounded)) == len(set(found)) else found)]


def shorten_numbers(text: str) -> str:
    """``lr=0.004430375245218269`` -> ``lr=0.00443``: four digits of long numbers, for people."""
    return LONG.sub(lambda number: f"{float(number[0]):.4g}", text)


def label(run: Run, groups: Sequence[str], brief: bool = False) -> str:
    """The options of a run in ``groups``; its plain name where these do not describe it.

    ``brief``: without those such as ``features/transform=none``.
    """
    said = {group: run.option(group) for group in groups}
    if brief:
        said = {group: option for group, option in said.items() if "/" not in group or option != "none"}
    named = said.get("experiment", "-") not in NOTHING
    if "experiment" in said and not named:  # for others this is the name; a run without one is named by its options
        said = {group: run.option(group) for group in PLAINLY} | said
    if named and run.overrides:  # it implies all that the command does not set in addition
        chosen = {"experiment", *override_values(run.overrides), *run.changed}
        said = {group: option for group, option in said.items() if group in chosen}
    said = {group: option for group, option in said.items() if option not in NOTHING}
    if not said or not any(run.option(group) not in NOTHING for group in groups):
        return plain_name(run)
    names_model = named or "model" in said  # a lone "sum" would say nothing
    plainly = [said[group] if names_model else f"{group}={said[group]}" for group in PLAINLY if group in said]
    if named:
        plainly[0] = re.sub(r"^quickstart(_\w+)?/", "", plainly[0])
    if set(groups) <= {"model", "fusion", "loss"}:
        plainly += [f"{key}={option}" for key, option in run.changed.items()]
    shown = short_keys(groups, run.config)
    return " ".join([*plainly, *(f"{shown[group]}={option}" for group, option in said.items() if group not in PLAINLY)])


def short_keys(keys: Sequence[str], config: Mapping[str, Any]) -> dict[str, str]:
    """``model.closed_form.l2`` as ``l2``, where no other of the keys, and no key at the root, ends so."""
    last = {key: key.rpartition(".")[2] for key in keys}
    often = Counter(last.values())
    return {key: end if often[end] == 1 and end not in config and "@" not in key else key for key, end in last.items()}


def names(runs: Sequence[Run]) -> list[str]:
    """The name of each run, and the options in which the runs differ."""
    groups = [group for group in differing_keys(runs) if group not in PLAINLY]
    return [
        printable(" ".join([plain_name(run), *(f"{a}={w}" for a in groups if (w := run.option(a)) not in NOTHING
                  and a not in run.changed)]))
        for run in runs
    ]  # fmt: skip


def plain_name(run: Run) -> str:
    """Model, fusion and loss of a run, as far as it has them, and what ``ltgnn evaluate`` changed of it."""
    options = [option for group in ("model", "fusion", "loss") if (option := run.option(group)) not in NOTHING]
    return " ".join([*options, *(f"{key}={option}" for key, option in run.changed.items())]) or run.folder.name


def options_there(key: str, said: Sequence[str], runs: Sequence[Run]) -> list[str]:
    """The options of the runs that have such a group: a closed form has no loss and no learning rate."""
    return [
        option
        for option, run in zip(said, runs, strict=True)
        if not (run.closed_form and _parts(key)[0] in OF_TRAINING)
    ]


def is_implied(key: str, differ: Mapping[str, Sequence[str]]) -> bool:
    """Whether an option above ``key``, which differs, too, determines it."""
    return any(_decides(differ[above], differ[key]) for above in parent_group(key) if above in differ)


def _decides(above: Sequence[str], below: Sequence[str]) -> bool:
    """Whether runs with the same option above have the same value below."""
    return len(set(zip(above, below, strict=True))) == len(set(above))


def parent_group(key: str) -> list[str]:
    """``features/transform@features.parts.image.transform`` is below ``features``; all are below ``experiment``."""
    if key == "experiment":
        return []
    if key == "blend":  # of an ensemble, whose model is called by it
        return ["model"]
    parts = _parts(key)
    group = key.partition("@")[0].split("/")
    groups = ["/".join(group[:n]) for n in range(1, len(group))]
    return [name for name in ("experiment", *groups, parts[0], *_parts(key.partition("@")[2])[:1]) if name != key]


def _parts(key: str) -> list[str]:
    return re.split(r"[/@.]", key)
