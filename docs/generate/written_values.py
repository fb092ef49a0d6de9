"""Defaults and values of keys as a reader takes them in, where a yaml file says them for a machine."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

import yaml

from docs.generate.tables import code

NOT_TOLD = {
    "data.files.sha256.*": "text or null",
    "features.encoder.model": "text or a list (text each)",
    "projector.widths.*": "a whole number of at least 1",
    "model.encoder.weights": "one of edge_weight, edge_attr or null",
    "callbacks.early_stop": "a part or null",
    "hydra.launcher.workers": "a whole number of at least 1 or null",
    "hydra.launcher.threads": "a whole number of at least 1 or null",
    "hydra.launcher.cluster": "text or null",
    "hydra.launcher.parameters.gpus_per_node": "a whole number or null",
    "hydra.launcher.parameters.slurm_partition": "text or null",
    "hydra.sweeper.params": "names with a value each or null",
    "hydra.sweeper.directions": "a list of minimize and maximize, or null",
    "hydra.sweeper.study": "text or null",
    "hydra.sweeper.study_name": "text or null",
    "hydra.sweeper.n_trials": "a whole number of at least 1 or null",
    "hydra.sweeper.direction": "minimize, maximize or null",
}
"""Pattern of a key whose default does not tell its values -> those."""


def default(written: str) -> str:
    """A default in Markdown: no marks of yaml, classes by their name, checksums by their first digits."""
    if written == "???":
        return "must be given"
    if classes := re.findall(r"_target_: [\w.]*?(\w+)(?=[\s,\]]|$)", written):
        return ", ".join(map(code, classes))
    text = re.sub(r"^[>|]-?\s+", "", written)
    if re.fullmatch(r"[0-9a-f]{64}", text):
        return code(f"{text[:12]}...")
    return code(text)


def values(key: str, written: str) -> str:
    """What a key takes, by its default, where no annotation says it; ``KeyError`` where the default cannot tell."""
    for pattern, words in NOT_TOLD.items():
        if fnmatchcase(key, pattern):
            return words
    if written.startswith("["):  # may hold ${...}, which yaml does not read
        return "a list"
    value = yaml.safe_load(written) if written != "???" else None
    for kind, words in {
        bool: "true or false", int: "a whole number", float: "a number", str: "text", dict: "names with a value each",
    }.items():  # fmt: skip
        if isinstance(value, kind):
            return words
    raise KeyError(f"docs/generate/written_values.py, NOT_TOLD: no line for {key}")
