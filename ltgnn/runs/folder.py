"""The run folder: plain files, readable without a server and without this package."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from yaml import YAMLError

from ltgnn import libyaml
from ltgnn.paths import write_whole
from ltgnn.types import Damaged, Evaluation

RECIPE_FREE = ("paths", "logger", "sweep", "task", "tags", "choices", "changed", "closed", "profile")
"""Parts of a config that cannot move a number, so that they are left out of the run's key."""

RESUME = "checkpoints/resume.ckpt"
"""Where an unfinished training keeps what it needs to go on."""

PLACES = ("run_dir", "cache_dir", "data_dir")
"""Folders of ``paths``: where they are moves no number either, so that a key knows them by name."""


def run_key(cfg: DictConfig) -> str:
    """sha256 of the resolved recipe: equal keys, equal numbers."""
    return key_of(plain(cfg))


def key_of(config: Mapping[str, Any]) -> str:
    """The run key of a config that is resolved already."""
    places = {str(config["paths"][name]): name for name in PLACES if config["paths"].get(name)}
    recipe = {k: _placeless(v, places) for k, v in config.items() if k not in RECIPE_FREE}
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()


def _placeless(value: Any, places: Mapping[str, str]) -> Any:
    """``value`` with paths below ``places`` (path -> name) from the name on."""
    if isinstance(value, Mapping):
        return {key: _placeless(inner, places) for key, inner in value.items()}
    if isinstance(value, list):
        return [_placeless(inner, places) for inner in value]
    if isinstance(value, str):
        for place, name in places.items():
            if value == place or value.startswith(f"{place}/"):
                return f"<{name}>{value[len(place) :]}"
    return value


def plain(cfg: DictConfig) -> dict[str, Any]:
    """The resolved config as dicts, lists and scalars."""
    container: dict[str, Any] = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)  # type: ignore[assignment]
    return container


class RunFolder:
    """Writes and reads one run's files. Every file appears whole or not at all."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    @contextmanager
    def job(self, cfg: DictConfig, overrides: Sequence[str] = ()) -> Iterator[RunFolder]:
        """Record the recipe and that the run is running; at the end that it finished, or failed and why.

        States beside these: ``interrupted`` (Ctrl-C), and the attribute ``state`` of an exception (``pruned``).
        """
        self.path.mkdir(parents=True, exist_ok=True)
        config = plain(cfg)
        self.write("config.yaml", libyaml.dump(config))
        self.write("overrides.yaml", libyaml.dump(list(overrides)))
        self.write_json("env.json", environment())
        started = time.time()
        status: dict[str, Any] = {"state": "running", "key": key_of(config), "pid": os.getpid(), "started": started}
        self.write_json("status.json", status)
        try:
            yield self
        except BaseException as error:
            trace = traceback.format_exc()
            self.write("error.txt", trace)
            kind = "interrupted" if isinstance(error, KeyboardInterrupt) else getattr(error, "state", "failed")
            status |= {"state": kind, "error": f"{type(error).__name__}: {error}", "traceback": trace}
            raise
        else:
            status |= {"state": "finished"}
            (self.path / RESUME).unlink(missing_ok=True)
        finally:
            self.write_json("status.json", status | {"ended": time.time(), "seconds": time.time() - started})

    def write(self, name: str, text: str) -> None:
        """Write a text file by a temporary name beside it."""
        write_whole(self.path / name, text)

    def write_json(self, name: str, value: Mapping[str, Any]) -> None:
        self.write(name, json.dumps(value, indent=1, ensure_ascii=False) + "\n")

    def write_evaluation(self, part: str, evaluation: Evaluation) -> None:
        """Per-user values and lists of one part; the test part has the plain names."""
        import polars as pl

        prefix = "" if part == "test" else f"{part}_"
        users = evaluation.lists.users.cpu().numpy()
        values = {name: column.numpy() for name, column in evaluation.per_user.items()}
        self.write_parquet(f"{prefix}per_user.parquet", pl.DataFrame({"user": users, **values}))
        items, scores = evaluation.lists.items.cpu().numpy(), evaluation.lists.scores.cpu().numpy()
        self.write_parquet(f"{prefix}topk.parquet", pl.DataFrame({"user": users, "items": items, "scores": scores}))

    def write_parquet(self, name: str, frame: Any) -> None:
        """Write a polars frame by a temporary name beside it."""
        temporary = self.path / f".{name}.{os.getpid()}"
        frame.write_parquet(temporary)
        temporary.replace(self.path / name)

    def read_json(self, name: str) -> dict[str, Any]:
        """A JSON file of the run, empty where it is absent; ``Damaged`` where it is no JSON object."""
        file = self.path / name
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            raise Damaged(f"{self.path}: {name} cannot be read ({_short(error)}).") from error
        if not isinstance(found, dict):
            raise Damaged(f"{self.path}: {name} holds a {type(found).__name__}; wanted a JSON object.")
        return found

    def config(self) -> DictConfig:
        """The resolved recipe."""
        return DictConfig(self.recipe())

    def recipe(self) -> dict[str, Any]:
        """The resolved recipe as plain values; ``Damaged`` where it is absent or no recipe."""
        try:
            found = libyaml.load((self.path / "config.yaml").read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise Damaged(f"{self.path}: config.yaml is missing.") from error
        except (OSError, ValueError, RecursionError, YAMLError) as error:
            raise Damaged(f"{self.path}: config.yaml cannot be read ({_short(error)}).") from error
        if not isinstance(found, dict) or "choices" not in found:
            raise Damaged(f"{self.path}: config.yaml is cut short or no recipe of a run: it has no 'choices'.")
        return found


def _short(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def environment() -> dict[str, Any]:
    """Versions, machine and code state, for the record."""
    import torch

    return {
        "command": sys.argv,
        "python": platform.python_version(),
        "packages": dict(packages()),
        "machine": platform.platform(),
        "cpu": cpu_model(),
        "cpus": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "commit": commit(),
    }


def cpu_model() -> str:
    """The processor's name as Linux gives it, else what Python knows."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


@functools.cache
def packages() -> Mapping[str, str | None]:
    """Versions of what moves numbers."""

    def installed(name: str) -> str | None:
        try:
            return version(name)
        except PackageNotFoundError:
            return None

    names = ("ltgnn", "torch", "pytorch-lightning", "transformers", "numpy", "polars", "hydra-core", "wandb")
    return {name: installed(name) for name in names}


@functools.cache  # as it was when the program was loaded: that is what runs
def commit() -> str | None:
    """The git commit of the code, with ``+`` where it was changed; None outside a checkout."""
    here = Path(__file__).resolve().parent
    try:
        ask = ["git", "-C", str(here), "describe", "--always", "--dirty=+", "--abbrev=12", "--exclude=*"]
        answer = subprocess.run(ask, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()
