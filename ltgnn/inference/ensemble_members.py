"""Finished runs as the members of one model: restored, checked to share their data, blended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig
from torch import Tensor

from ltgnn.build import Problem
from ltgnn.config.reads_features import uses_features
from ltgnn.config.sweep_cache import NO_CACHE, Cache
from ltgnn.inference.finished_run import load_finished_run
from ltgnn.inference.restore import restore_scorer
from ltgnn.runs.folder import RunFolder
from ltgnn.runs.run_key import resolve_config
from ltgnn.scoring.ensemble import Blending
from ltgnn.types import Interactions, Scorer, UserError


@dataclass(frozen=True)
class Member:
    """One of them."""

    name: str
    run: RunFolder
    cfg: DictConfig
    problem: Problem
    cache: Cache

    @property
    def key(self) -> str:
        return str(self.run.read_json("status.json")["key"])

    @property
    def reads_features(self) -> bool:
        return uses_features(resolve_config(self.cfg), self.run.read_json("metrics.json"))

    def scorer(self) -> Scorer:
        """The run's selected model with its score adjustments, on the CPU; made once for all blends of a sweep."""
        cpu = torch.device("cpu")
        return self.cache.named("member", self.key, lambda: restore_scorer(self.cfg, self.problem, self.run, cpu)[0])


class Members:
    """A model made of finished runs: ``closed_form`` of the recipe that ``ltgnn ensemble`` writes.

    ``runs``: folder and key of each member, by name. A run that is gone, or was trained anew, is a ``UserError``.
    """

    def __init__(self, runs: Mapping[str, Mapping[str, str]], blend: Blending) -> None:
        self.runs, self.blend = runs, blend

    @property
    def reads_features(self) -> bool:
        """Whether one of the members does."""
        runs = [RunFolder(run["folder"]) for run in self.runs.values()]
        return any(uses_features(run.recipe(), run.read_json("metrics.json")) for run in runs)

    def fit(self, train: Interactions, features: Tensor | None) -> Scorer:
        """The blend at the weights that were found; nothing is fitted again."""
        members = open_members([run["folder"] for run in self.runs.values()])
        for member, (name, run) in zip(members, self.runs.items(), strict=True):
            if member.key != run["key"]:
                raise UserError(
                    f"{run['folder']} is not the run that the ensemble was made of ({name}): make it again."
                )
        if not torch.equal(members[0].problem.split.train.keys, train.keys):
            raise UserError(f"the members were trained on other pairs than this: {', '.join(self.runs)}.")
        scorers = {name: member.scorer() for name, member in zip(self.runs, members, strict=True)}
        return self.blend.of(scorers, train, features)


def open_members(folders: Sequence[str | Path], cache: Cache = NO_CACHE) -> list[Member]:
    """The runs with their data; ``UserError`` where two of them were split differently, naming both.

    ``cache``: where their data and scorers are kept for other blends; without it, only data are shared, among the
    members.
    """
    if not folders:
        raise UserError("ltgnn ensemble requires the folders of finished runs: ltgnn ensemble RUN RUN ...")
    if again := {
        str(folder) for folder in folders if sum(Path(f).resolve() == Path(folder).resolve() for f in folders) > 1
    }:
        raise UserError(f"{sorted(again)[0]} is given twice.")
    together = cache if cache.kept else Cache()
    opened = [load_finished_run(folder, together) for folder in folders]
    first = opened[0]
    for run, _, problem in opened[1:]:
        if problem.split.fingerprint != first[2].split.fingerprint:
            raise UserError(
                f"{first[0].path} and {run.path} have different splits ({first[2].split.fingerprint[:12]}, "
                f"{problem.split.fingerprint[:12]}): train both with the same data, split and split.seed."
            )
    names: list[str] = []
    for _, cfg, _ in opened:
        name = name_member(cfg)
        same = sum(other == name or other.startswith(f"{name} ") for other in names)
        names.append(f"{name} {same + 1}" if same else name)
    return [Member(name, *parts, cache) for name, parts in zip(names, opened, strict=True)]


def name_member(cfg: DictConfig) -> str:
    """The label of a member: model, and fusion and score where they are not the default."""
    choices: Mapping[str, Any] = cfg.get("choices", {})
    plain_words = {"fusion": ("id", "-", "None"), "score": ("dot", "None")}
    more = [str(choices.get(axis)) for axis in plain_words if str(choices.get(axis)) not in plain_words[axis]]
    if "closed_form" in cfg.model:
        more = [word for word in more if word != str(choices.get("fusion"))]
    return "-".join([str(choices.get("model", "run")), *more])
