"""Keys of Hydra's own node that do not exist: those of the chosen sweeper or launcher, other plugins' names."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence

from ltgnn.config.option_files import written_keys
from ltgnn.config.search_path import option_names, trees

CHOSEN = {"sweeper": "grid", "launcher": "local"}
"""Group below ``hydra`` -> the option that the commands have by default."""

SPACE = "the space stands on the command line, lr=interval(1e-4,1e-1) dim=choice(32,64), or in hydra.sweeper.params"

ELSEWHERE: Mapping[str, str] = {
    "n_jobs": "how many run at once is the launcher's: hydra/launcher=joblib hydra.launcher.workers=2 (or pool)",
    "max_failure_rate": "a failed trial does not end a search unless sweep.on_error=stop",
    "search_space": SPACE,
    "custom_search_space": SPACE,
}
"""Key of hydra-optuna-sweeper -> what there is instead."""


def no_key_of_hydra(key: str, words: Sequence[str]) -> str:
    """The message; with the keys of the sweeper or launcher that ``words`` choose."""
    text, (_, group, *rest) = f"'{key}': there is no such key.", [*key.split("."), ""][: key.count(".") + 1]
    if group not in CHOSEN or not rest:
        return f"{text} Those of Hydra are shown by --cfg hydra."
    if group == "sweeper" and (instead := ELSEWHERE.get(rest[0])):
        return f"{text} Instead: {instead}."
    option = next((found[1] for word in words if (found := re.fullmatch(rf"hydra/{group}=(.*)", word))), CHOSEN[group])
    there = keys_of(group, option)
    near = difflib.get_close_matches(rest[0], there, n=1)
    hint = f" Did you mean 'hydra.{group}.{near[0]}'?" if near else ""
    others = [one for one in option_names(f"hydra/{group}") if "/" not in one and rest[0] in keys_of(group, one)]
    hint += f" It is a key of hydra/{group}={others[0]}." if others else ""
    return f"{text}{hint} hydra/{group}={option} has {', '.join(there) or 'no keys'}."


def keys_of(group: str, option: str) -> list[str]:
    """The keys of one sweeper or launcher."""
    start = f"hydra.{group}."
    found = (key.removeprefix(start).partition(".")[0] for key in written_keys(f"hydra/{group}", option, trees()))
    return [key for key in dict.fromkeys(found) if not key.startswith("_")]
