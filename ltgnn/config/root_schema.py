"""The keys at the root of each command's yaml, and in its groups without a ``_target_``: types, bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Lt

Seed = Annotated[int, Gt(-(2**63)), Lt(2**63)]
"""What a random generator takes."""


class Part:
    """A part of the recipe: a node with a ``_target_``."""


@dataclass
class Train:
    """``conf/train.yaml``"""

    task: str
    tags: Sequence[str] | None
    seed: Seed
    dim: Annotated[int, Ge(1)]
    num_layers: Annotated[int, Ge(0)]
    lr: Annotated[float, Gt(0)]
    reg: Annotated[float, Ge(0)]
    batch_size: Annotated[int, Ge(1)]
    shared_batches: Annotated[int, Ge(1)]
    epochs: Annotated[int, Ge(1)]
    min_epochs: Annotated[int, Ge(0)] | None
    eval_every: Annotated[int, Ge(1)]
    patience: Annotated[int, Ge(0)]
    monitor: str
    profile: bool


@dataclass
class Evaluate:
    """``conf/evaluate.yaml``; the knobs of the run, which may be present, are not checked again."""

    task: str
    tags: Sequence[str] | None
    seed: Seed
    run: str | None
    lists: str | None
    changed: str


@dataclass
class Finetune:
    """``conf/finetune.yaml``"""

    task: str
    tags: Sequence[str] | None
    seed: Seed
    lr: Annotated[float, Gt(0)]
    batch_size: Annotated[int, Ge(2)]
    epochs: Annotated[int, Ge(1)]
    warmup: Annotated[float, Ge(0), Lt(1)]
    min_epochs: Annotated[int, Ge(0)] | None
    eval_every: Annotated[int, Ge(1)]
    monitor: str
    checkpointing: bool
    dropout: Annotated[float, Ge(0), Lt(1)] | None
    chunk_tokens: Annotated[int, Ge(1)]
    resume: str | None


@dataclass
class Ensemble:
    """``conf/ensemble.yaml``"""

    task: str
    runs: Sequence[str]
    depth: Annotated[int, Ge(1)]
    tags: Sequence[str] | None
    seed: Seed


@dataclass
class Recommend:
    """``conf/recommend.yaml``: only rules."""


@dataclass
class Sampler:
    """``sampler``: what ``build.py`` reads of it."""

    negatives: Part
    epoch_unit: Literal["edges", "users"]


@dataclass
class Sweep:
    """``sweep``"""

    name: str
    dir: str
    resume: bool
    save_every: Annotated[float, Ge(0)]
    on_error: Literal["continue", "stop"]
    dry_run: bool
    probe: Part | None
    running: bool
    trial: Mapping[str, Any] | None


@dataclass
class Paths:
    """``paths``"""

    log_dir: str
    cache_dir: str
    data_dir: str
    run_dir: str


ROOTS: Mapping[str, type] = {
    "train": Train,
    "evaluate": Evaluate,
    "finetune": Finetune,
    "ensemble": Ensemble,
    "recommend": Recommend,
}
"""Yaml at the root of ``conf`` -> its schema. Keys beyond the schema are allowed: knobs of the user's own."""

JUDGED = ("split", "groups", "score", "eval", "paths", "sweep")
"""Groups that can change when a run is re-evaluated: the others were checked when it was trained."""

SECTIONS: Mapping[str, type | str] = {
    "sampler": Sampler,
    "sweep": Sweep,
    "paths": Paths,
    "data": "ltgnn.data.catalog.load",
}
"""Group without a ``_target_`` -> what takes its keys."""


PARTS = ("model", "loss", "groups", "callbacks")
"""Groups of which each key is a part, or null where there is none."""


def concerns(root: str, key: str, config: Mapping[str, Any]) -> bool:
    """Whether a key of the config is used by the command ``root``."""
    judged = root == "evaluate" and config.get("run") is not None
    return not judged or key in JUDGED or key in Evaluate.__dataclass_fields__
