"""Data sets by name: one of the catalogue, a folder that ltgnn wrote, or that of a run."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from ltgnn.build import build_dataset, build_groups, build_split
from ltgnn.config.check import refuse_wrong_values
from ltgnn.config.composing import compose_config
from ltgnn.config.recipe import open_recipe
from ltgnn.config.search_path import option_file, option_names
from ltgnn.data.sources.processed import INTERACTIONS
from ltgnn.data.splitting import count_ties
from ltgnn.experiment.option_words import value_word
from ltgnn.runs.reading import read_run
from ltgnn.runs.run import Run
from ltgnn.scoring.known_items import has_interactions
from ltgnn.types import Dataset, Groups, Interactions, Split, UserError

SECTIONS = ("data", "split", "groups", "graph")
"""Groups that these commands build."""


@dataclass(frozen=True)
class Target:
    """A resolved config, and what it builds, each once."""

    name: str
    cfg: DictConfig

    @cached_property
    def dataset(self) -> Dataset:
        return build_dataset(self.cfg)

    @cached_property
    def split(self) -> Split:
        return build_split(self.cfg, self.dataset)

    @cached_property
    def groups(self) -> dict[str, Groups]:
        return build_groups(self.cfg, self.split.train.item_counts)

    def card(self) -> dict[str, Any]:
        """The data card with split, fingerprint and groups."""
        split = self.split
        return {
            **self.dataset.card,
            "name": self.dataset.name,
            "split": split.name,
            "warnings": [*self.dataset.card.get("warnings", ()), *count_ties(split)],
            "fingerprint": split.fingerprint,
            "pairs": {"train": len(split.train), "val": len(split.val), "test": len(split.test)},
            "groups": {name: {"rule": group.rule, "sizes": group.sizes} for name, group in self.groups.items()},
            "held-out pairs on cold items": count_cold(split, (split.val, split.test)),
            "held-out users without a train pair": _new_users(split, (split.val, split.test)),
        }


def target(name: str, overrides: Sequence[str], reader: Mapping[str, Any] | None = None) -> Target:
    """The target called ``name``, with Hydra overrides such as ``split=leave_one_out data.cleaning.user_core=5``.

    ``reader`` replaces arguments of the reader as a whole, which overrides of dictionaries cannot.
    """
    folder = Path(name).expanduser()
    if (folder / "config.yaml").is_file():
        cfg = open_recipe(folder)
        if "data" not in cfg:
            raise UserError(f"{folder / 'config.yaml'} is not the recipe of a run: it has no data.")
        return Target(name, with_values(cfg, overrides, folder))
    cfg = compose_config("train", later_wins(named_data(name), overrides), only=SECTIONS)
    for key, value in (reader or {}).items():
        if key not in cfg.data.reader:
            raise UserError(
                f"--{key.replace('_', '-')}: the reader of {name} has no {key!r}; it has {_keys(cfg.data.reader)}."
            )
        OmegaConf.update(cfg, f"data.reader.{key}", value, merge=False, force_add=True)
    return Target(name, cfg)


def named_data(name: str, called: str | None = None) -> list[str]:
    """The words of a command for a name of the catalogue, or for a folder that ltgnn data wrote.

    ``called``: the name of the folder's data in results; None: that of the folder.
    """
    folder = Path(name).expanduser()
    if (folder / INTERACTIONS).is_file():
        title = value_word(folder.resolve().name if called is None else called)
        words = [f"data.files.path={value_word(folder)}", f"data.name={title}"]
        return ["data=processed", *words, *_official(folder)]
    if folder.is_dir() or "/" in name:
        raise UserError(
            f"{folder} is neither a run (config.yaml) nor a folder that ltgnn data wrote (interactions.parquet)."
        )
    return [f"data={stem(name)}"]


def named_data_of(run: Run) -> list[str]:
    """The words that name the data set of a run in a command; of one evaluated again, those of the run behind it."""
    words = [word for word in run.overrides if word.lstrip("+~").partition("=")[0].partition(".")[0] == "data"]
    if any(word.startswith("data=") for word in words):
        return [*words, *(word for word in run.overrides if word == "split=official")]
    behind = run.config.get("run")
    if isinstance(behind, str) and (Path(behind) / "status.json").is_file():
        return named_data_of(read_run(Path(behind)))
    return [f"data={run.option('data')}", *words]


def later_wins(words: Sequence[str], more: Sequence[str]) -> list[str]:
    """Both, without those of ``words`` whose key ``more`` sets again."""
    again = {word.partition("=")[0].lstrip("+") for word in more}
    return [*(word for word in words if word.partition("=")[0] not in again), *more]


def with_values(recipe: DictConfig, overrides: Sequence[str], folder: Path) -> DictConfig:
    """The recipe of a run with other values, checked; ``UserError`` for a key that it does not have, or a word."""
    there = set(keys_of(recipe))
    for word in overrides:
        bare, _, value = word.partition("=")
        if bare in recipe and OmegaConf.is_dict(recipe[bare]):
            raise UserError(
                f"{word}: a run has its own {bare}, of which single values can be set, such as "
                f"{bare}.{next((str(name) for name in recipe[bare] if str(name)[0] != '_'), 'KEY')}=. For "
                f"{bare}={value} name the data set instead of {folder}."
            )
        if bare not in there:
            near = difflib.get_close_matches(bare, sorted(there), n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise UserError(f"{word}: the recipe of {folder} has no key '{bare}'.{hint}")
    merged = OmegaConf.merge(recipe, OmegaConf.from_dotlist(list(overrides)))
    assert isinstance(merged, DictConfig)
    if overrides:
        refuse_wrong_values(merged, "train", choices={}, only=SECTIONS)
    return merged


def keys_of(node: DictConfig, place: str = "") -> Iterator[str]:
    """Every key in a config, by its path with dots."""
    for name, value in node.items():
        key = f"{place}.{name!s}".lstrip(".")
        yield key
        if isinstance(value, DictConfig):
            yield from keys_of(value, key)


def catalogue() -> dict[str, dict[str, Any]]:
    """Stem of each data yaml -> its keys, as written."""
    found: dict[str, dict[str, Any]] = {}
    for name in option_names("data"):
        file = option_file("data", name)
        if file is None or "/" in name:
            continue
        keys: Any = OmegaConf.to_container(OmegaConf.load(file), resolve=False)
        found[file.stem] = {**keys, "about": file.read_text(encoding="utf-8").splitlines()[0].lstrip("# ")}
    return found


def stem(name: str) -> str:
    """The data yaml called so: by its stem (ml100k) or by the name of the data set (ml-100k)."""
    known = catalogue()

    def plain(text: str) -> str:
        return text.lower().replace("-", "").replace("_", "")

    for key, keys in known.items():
        if plain(name) in (plain(key), plain(str(keys["name"]))):
            return key
    near = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise UserError(
        f"No data set {name!r}, and no folder of that name here ({Path.cwd()}).{hint} Known: {', '.join(known)}. Own "
        f"files: ltgnn data import --help"
    )


def _keys(reader: DictConfig) -> str:
    return ", ".join(str(key) for key in reader if not str(key).startswith("_"))


def _official(folder: Path) -> list[str]:
    """``split=official`` for a folder with parts."""
    import polars as pl

    parts = pl.scan_parquet(folder / INTERACTIONS, glob=False).select(pl.col("part").unique()).collect()["part"]
    return ["split=official"] if "train" in parts.to_list() else []


def count_cold(split: Split, parts: Sequence[Interactions]) -> Mapping[str, int]:
    cold = ~has_interactions(split.train.item_counts)
    return {name: int(cold[part.items].sum()) for name, part in zip(("val", "test"), parts, strict=True)}


def _new_users(split: Split, parts: Sequence[Interactions]) -> Mapping[str, int]:
    import torch

    new = split.train.user_counts == 0
    return {
        name: int(torch.unique(part.users[new[part.users]]).numel())
        for name, part in zip(("val", "test"), parts, strict=True)
    }
