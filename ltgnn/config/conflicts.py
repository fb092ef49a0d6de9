"""Incompatible options, found from their classes before anything is loaded.

A class states what it needs or gives by attributes: ``needs_features``, ``gives_features`` (the group ``features``),
``negatives_from`` and ``draws`` (loss, sampler), ``needs_views`` and ``clean`` (loss, views), ``needs_layers`` (views),
``needs_projected_text`` and ``projects_text`` (loss, fusion), ``without_ids`` and ``uses_ids`` (embedding, fusion).
A class that states nothing is not refused here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ltgnn.config.monitor import wrong_monitor
from ltgnn.config.parameters import located

Config = Mapping[str, Any]

READERS = ("fusion", "model", "graph", "live", "score")
"""Groups whose parts may read the features of items."""

CLOSED = ("fusion", "graph", "live", "views", "loss", "sampler")
"""Groups that a closed form does without."""


class Built(NamedTuple):
    """A node with a ``_target_``, and the class behind it; None where that is not imported."""

    key: str
    node: Mapping[str, Any]
    kind: Any

    def states(self, ability: str, unsaid: Any = None) -> Any:
        """The declaration of the class; ``unsaid`` where there is none."""
        return getattr(self.kind, ability, unsaid)


def conflicts(config: Config, root: str, choices: Mapping[str, Any]) -> Iterator[str]:
    """A line for each pair of options that a run would reject. ``choices``: option of each group, for messages."""
    yield from _shares(config)
    yield from _adjustments(config)
    if root not in ("train", "finetune"):
        return
    yield from _no_gpu(config, choices)
    yield from wrong_monitor(config)
    if root == "train":
        closed = "closed_form" in (config.get("model") or {})
        parts = {group: list(built(group, node)) for group, node in config.items() if not (closed and group in CLOSED)}
        yield from _features(parts, choices)
        yield from _negatives(parts, choices)
        yield from _views(parts, choices)
        yield from _projected(parts, choices)


def built(key: str, node: Any) -> Iterator[Built]:
    """Every node with a ``_target_`` in ``node``, itself included."""
    if isinstance(node, list):
        for number, one in enumerate(node):
            yield from built(f"{key}[{number}]", one)
    elif isinstance(node, dict):
        if isinstance(target := node.get("_target_"), str):
            try:
                kind = located(target)
            except (ImportError, AttributeError):
                kind = None
            yield Built(key, node, kind)
        for name, one in node.items():
            yield from built(f"{key}.{name}", one)


def _word(group: str, choices: Mapping[str, Any]) -> str:
    """``fusion=sum``; of a group without a known option its name."""
    return f"{group}={choices[group]}" if choices.get(group) else group


def _shares(config: Config) -> Iterator[str]:
    split = config.get("split")
    if isinstance(split, dict):
        val, test, folds, fold = (split.get(key) for key in ("val", "test", "folds", "fold"))
        if isinstance(val, (int, float)) and isinstance(test, (int, float)) and val + test >= 1:
            yield f"split.val={val:g} and split.test={test:g}: wanted shares above 0, together below 1."
        if isinstance(folds, int) and isinstance(fold, int) and fold >= folds:
            yield f"split.folds={folds}, split.fold={fold}: wanted 0 <= fold < folds."


def _no_gpu(config: Config, choices: Mapping[str, Any]) -> Iterator[str]:
    trainer = config.get("trainer")
    if isinstance(trainer, dict) and trainer.get("accelerator") in ("gpu", "cuda"):
        import torch

        if not torch.cuda.is_available():
            yield f"{_word('trainer', choices)}: there is no GPU here that PyTorch can use. Set trainer=cpu or auto."


def _features(parts: Mapping[str, list[Built]], choices: Mapping[str, Any]) -> Iterator[str]:
    """Groups whose parts need features where the group ``features`` gives none."""
    if not any(part.states("gives_features", True) is False for part in parts.get("features", ())[:1]):
        return
    for group in READERS:
        if any(part.states("needs_features") for part in parts.get(group, ())):
            yield (
                f"{_word(group, choices)} needs item features, but {_word('features', choices)} was given. Set "
                f"features=minilm (or another: ltgnn models features), or another {group}= (ltgnn models {group})."
            )


def _adjustments(config: Config) -> Iterator[str]:
    score = config.get("score")
    if isinstance(score, dict) and score.get("fit") and score.get("adjustments") == {}:
        yield "score.fit needs score adjustments, but score.adjustments is empty. Set score=content, or score.fit=null."


def _negatives(parts: Mapping[str, list[Built]], choices: Mapping[str, Any]) -> Iterator[str]:
    """Losses that are left without negatives, and negatives that are both shared and each user's own."""
    for part in parts.get("sampler", ()):
        if part.node.get("shared") is True and part.node.get("exclude_train") is True:
            yield (
                "negatives shared by a batch cannot exclude each user's own items: set "
                f"{part.key}.exclude_train=false or {part.key}.shared=false."
            )
    if not any(part.key == "sampler.negatives" and part.states("draws") is False for part in parts.get("sampler", ())):
        return
    for part in parts.get("loss", ()):
        source, in_batch = part.states("negatives_from"), part.node.get("in_batch")
        if source == "sampler" or (source == "batch" and in_batch is False):
            instead = f"{part.key}.in_batch=true or " if source == "batch" else ""
            yield (
                f"{_word('loss', choices)} needs sampled negatives, but {_word('sampler', choices)} draws none. Set "
                f"{instead}sampler=uniform."
            )


def _views(parts: Mapping[str, list[Built]], choices: Mapping[str, Any]) -> Iterator[str]:
    """Contrastive losses without views, and views of layers that the model does not have."""
    views, losses = list(parts.get("views", ()))[:1], parts.get("loss", ())
    if any(part.states("clean") for part in views) and any(part.states("needs_views") for part in losses):
        yield (
            f"{_word('loss', choices)} needs other views of the graph, but {_word('views', choices)} gives none. Set "
            "views=edge_drop, simgcl or xsimgcl, or a loss without contrast."
        )
    depths = [part.node["num_layers"] for part in parts.get("model", ()) if "num_layers" in part.node]
    if not depths or not any(part.states("needs_layers") for part in views):
        return
    layer = views[0].node.get("layer")
    if max(depths) == 0:
        yield (
            f"{_word('views', choices)} differ by what happens between the layers, but this model has none "
            "(num_layers=0): both views would be the same. Set views=clean, or model=lightgcn num_layers=2."
        )
    elif isinstance(layer, int) and layer > max(depths):
        has = f"the model has the layers 1 to {max(depths)}"
        yield f"views.layer={layer} given, but {has}: set views.layer or num_layers."


def _projected(parts: Mapping[str, list[Built]], choices: Mapping[str, Any]) -> Iterator[str]:
    """Losses on projected features with a fusion that projects none; models of only content with one that has ids."""
    fusion = parts.get("fusion", ())[:1]
    plain = any(part.states("projects_text") is False for part in fusion)
    if plain and any(part.states("needs_projected_text") for part in parts.get("loss", ())):
        yield (
            f"{_word('loss', choices)} needs projected features, but {_word('fusion', choices)} has none. Set "
            "fusion=side (content besides the ids), or sum, gate, concat; or a loss without alignment."
        )
    ids = any(part.states("uses_ids") for part in fusion)
    if ids and any(part.states("without_ids") for part in parts.get("model", ())):
        yield f"{_word('model', choices)} uses only content, no ids: set fusion=content."
