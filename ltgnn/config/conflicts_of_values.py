"""Values that are valid one by one but incompatible, reported before anything is loaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ltgnn.config.parts import Config, built, word_of


def conflicts_of_values(config: Config) -> Iterator[str]:
    """A line for each pair of values that a run would refuse, whatever the command."""
    yield from _shares(config)
    yield from _group_shares(config)
    yield from _conflicts_of_fit(config)


def _shares(config: Config) -> Iterator[str]:
    split = config.get("split")
    if isinstance(split, dict):
        val, test, folds, fold = (split.get(key) for key in ("val", "test", "folds", "fold"))
        if isinstance(val, (int, float)) and isinstance(test, (int, float)) and val + test >= 1:
            yield f"split.val={val:g} and split.test={test:g}: wanted shares above 0, together below 1."
        if isinstance(folds, int) and isinstance(fold, int) and fold >= folds:
            yield f"split.folds={folds}, split.fold={fold}: wanted 0 <= fold < folds."


def _group_shares(config: Config) -> Iterator[str]:
    """Policies of groups that share out a whole: one share for each name, together 1."""
    policies = [(key, node) for key in ("groups", "eval.user_groups") for node in [value_at(config, key)] if node]
    for part in (part for key, node in policies for part in built(key, node)):
        names, shares = part.node.get("names"), part.node.get("shares")
        if not part.states("shares_sum_to_one") or not isinstance(names, list) or not isinstance(shares, list):
            continue
        if len(names) != len(shares) or abs(sum(shares) - 1) > 1e-9:
            yield (
                f"{part.key}.names={as_list(names)} and {part.key}.shares={as_list(shares)}: wanted one share for each "
                "name, together 1."
            )


def _conflicts_of_fit(config: Config) -> Iterator[str]:
    score = config.get("score")
    if isinstance(score, dict) and score.get("fit") and score.get("adjustments") == {}:
        yield "score.fit needs score adjustments, but score.adjustments is empty. Set score=content, or score.fit=null."
    if isinstance(score, dict) and score.get("fit") and _no_validation(config):
        yield "score.fit chooses by validation, but this split has none: set split.val, or score.fit=null."


def _no_validation(config: Config) -> bool:
    """Whether the split cuts none off and the data set surely publishes none."""
    split, data = config.get("split"), config.get("data")
    if not isinstance(split, dict) or split.get("val") != 0 or split.get("val_values") or not isinstance(data, dict):
        return False
    if isinstance(expected := data.get("expected"), dict):
        return "val" not in expected
    files = value_at(data, "reader.interactions")
    return isinstance(files, dict) and "val" not in files


def conflicts_of_finetuning(config: Config, choices: Mapping[str, Any]) -> Iterator[str]:
    """A line for each pair of values that ``ltgnn finetune`` would refuse."""
    size = config.get("batch_size")
    halves = any(part.states("halves_batch") for part in built("objective", config.get("objective")))
    if halves and isinstance(size, int) and size % 2:
        word = word_of("objective", choices)
        yield f"batch_size={size}: {word} takes half of a batch as bought, give an even number."


def value_at(config: Config, key: str) -> Any:
    """The value at a dotted key; None where there is no such key."""
    node: Any = config
    for name in key.split("."):
        node = node.get(name) if isinstance(node, dict) else None
    return node


def as_list(values: Sequence[Any]) -> str:
    return f"[{','.join(map(str, values))}]"
