"""Incompatible options, found from their classes before anything is loaded.

A class states what it needs or gives by attributes: ``needs_features``, ``gives_features`` (the group ``features``),
``negatives_from`` and ``draws`` (loss, sampler), ``needs_views`` and ``clean`` (loss, views), ``needs_layers`` (views),
``needs_projected_features`` and ``projects_features``, ``for_losses_alone`` (loss, fusion), ``without_ids`` and
``uses_ids`` (embedding, fusion), ``trains_encoder``, ``trainable`` and ``changes_features`` (live, encoder, steps of
features). A class that states nothing is not refused here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ltgnn.config.conflicts_of_graph import conflicts_of_graph
from ltgnn.config.conflicts_of_processes import conflicts_of_processes
from ltgnn.config.conflicts_of_values import conflicts_of_finetuning, conflicts_of_values
from ltgnn.config.monitor import wrong_monitor
from ltgnn.config.parts import Config, ConfiguredPart, built, word_of

READERS = ("fusion", "model", "graph", "live", "score")
"""Groups whose parts may read the features of items."""

CLOSED = ("fusion", "graph", "live", "views", "loss", "sampler")
"""Groups that a closed form does without."""


def conflicts(config: Config, root: str, choices: Mapping[str, Any]) -> Iterator[str]:
    """A line for each pair of options that a run would reject. ``choices``: option of each group, for messages."""
    yield from conflicts_of_values(config)
    if root not in ("train", "finetune"):
        return
    if root == "train":
        closed = "closed_form" in (config.get("model") or {})
        parts = {group: list(built(group, node)) for group, node in config.items() if not (closed and group in CLOSED)}
        yield from _features(parts, choices)
        yield from _negatives(parts, choices)
        yield from _views(parts, choices)
        yield from _conflicts_of_projection(parts, choices)
        yield from _conflicts_of_training_text(parts, choices)
        if not closed:
            yield from conflicts_of_graph(parts, choices)
            yield from conflicts_of_processes(config, parts, choices)
    else:
        yield from conflicts_of_finetuning(config, choices)


def quick_conflicts(config: Config, root: str, choices: Mapping[str, Any]) -> Iterator[str]:
    """Those that need few imports and only the values they name: checked first."""
    if root in ("train", "finetune"):
        yield from _no_gpu(config, choices)
        yield from wrong_monitor(config)
    if root == "train" and "closed_form" not in (config.get("model") or {}):
        yield from _features(
            {group: list(built(group, config.get(group))) for group in ("features", "fusion", "model")}, choices
        )


def _no_gpu(config: Config, choices: Mapping[str, Any]) -> Iterator[str]:
    trainer = config.get("trainer")
    if isinstance(trainer, dict) and trainer.get("accelerator") in ("gpu", "cuda"):
        import torch

        if not torch.cuda.is_available():
            yield f"{word_of('trainer', choices)}: there is no GPU here that PyTorch can use. Set trainer=cpu or auto."


def _features(parts: Mapping[str, list[ConfiguredPart]], choices: Mapping[str, Any]) -> Iterator[str]:
    """Groups whose parts need features where the group ``features`` gives none."""
    if not any(part.states("gives_features", True) is False for part in parts.get("features", ())[:1]):
        return
    for group in READERS:
        if any(part.states("needs_features") for part in parts.get(group, ())):
            yield (
                f"{word_of(group, choices)} needs item features, but {word_of('features', choices)} was given. Set "
                f"features=minilm (or another: ltgnn models features), or another {group}= (ltgnn models {group})."
            )


def _negatives(parts: Mapping[str, list[ConfiguredPart]], choices: Mapping[str, Any]) -> Iterator[str]:
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
                f"{word_of('loss', choices)} needs sampled negatives, but {word_of('sampler', choices)} draws none. "
                f"Set {instead}sampler=uniform."
            )


def _views(parts: Mapping[str, list[ConfiguredPart]], choices: Mapping[str, Any]) -> Iterator[str]:
    """Contrastive losses without views, and views of layers that the model does not have."""
    views, losses = list(parts.get("views", ()))[:1], parts.get("loss", ())
    if any(part.states("clean") for part in views) and any(part.states("needs_views") for part in losses):
        yield (
            f"{word_of('loss', choices)} needs other views of the graph, but {word_of('views', choices)} gives none. "
            "Set views=edge_drop, simgcl or xsimgcl, or a loss without contrast."
        )
    depths = [part.node["num_layers"] for part in parts.get("model", ()) if "num_layers" in part.node]
    if not depths or not any(part.states("needs_layers") for part in views):
        return
    layer = views[0].node.get("layer")
    if max(depths) == 0:
        yield (
            f"{word_of('views', choices)} differ by what happens between the layers, but this model has none "
            "(num_layers=0): both views would be the same. Set views=clean, or model=lightgcn num_layers=2."
        )
    elif isinstance(layer, int) and layer > max(depths):
        has = f"the model has the layers 1 to {max(depths)}"
        yield f"views.layer={layer} given, but {has}: set views.layer or num_layers."


def _conflicts_of_projection(parts: Mapping[str, list[ConfiguredPart]], choices: Mapping[str, Any]) -> Iterator[str]:
    """Losses on projected features with a fusion that projects none; models of only content with one that has ids."""
    fusion = parts.get("fusion", ())[:1]
    plain = any(part.states("projects_features") is False for part in fusion)
    if plain and any(part.states("needs_projected_features") for part in parts.get("loss", ())):
        yield (
            f"{word_of('loss', choices)} needs projected features, but {word_of('fusion', choices)} has none. Set "
            "fusion=side (content besides the ids), or sum, gate, concat; or a loss without alignment."
        )
    aligned = [part.states("needs_projected_features") for part in parts.get("loss", ())]
    if any(part.states("for_losses_alone") for part in fusion) and aligned and all(one is False for one in aligned):
        yield (
            f"{word_of('fusion', choices)} gives its projected features to the losses alone, and "
            f"{word_of('loss', choices)} reads none, so that they would change nothing. Set loss=bpr_align (a loss of "
            "your own says that it reads them by `needs_projected_features = True`), or another fusion=."
        )
    ids = any(part.states("uses_ids") for part in fusion)
    if ids and any(part.states("without_ids") for part in parts.get("model", ())):
        yield f"{word_of('model', choices)} uses only content, no ids: set fusion=content."


def _conflicts_of_training_text(parts: Mapping[str, list[ConfiguredPart]], choices: Mapping[str, Any]) -> Iterator[str]:
    """Text encoders that are trained with the model, with features that have none or change what it gives."""
    if not any(part.states("trains_encoder") for part in parts.get("live", ())):
        return
    by_key = {part.key: part for part in parts.get("features", ())}
    features, encoder = by_key.get("features"), by_key.get("features.encoder")
    # a folder of `ltgnn finetune`
    given = isinstance(features.node.get("encoder"), str) if features is not None else False
    if features is None or features.kind is None or (encoder is not None and encoder.kind is None):
        return
    if not given and (encoder is None or encoder.states("trainable") is not True):
        yield (
            f"{word_of('live', choices)} trains a Hugging Face encoder on item text, and "
            f"{word_of('features', choices)} has none. Set features=minilm or features=folder."
        )
        return
    steps = (by_key[key] for key in ("features.control", "features.transform") if key in by_key)
    if any(step.states("changes_features") is True for step in steps):
        yield (
            f"{word_of('live', choices)} trains on the encoder's own output: set features/transform=none "
            "features/control=none."
        )
