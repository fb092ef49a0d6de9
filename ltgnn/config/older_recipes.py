"""Recipes of earlier versions in today's names: classes that moved, and sections, config groups and metrics.

A run folder keeps the recipe it was made with. Those who read one translate it here first, so that nothing else has to
know the earlier names. Add a line to a table for every class, key or option that is renamed. Recipes of today are left
as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

MODULES = {
    "ltgnn.data.hardness": "ltgnn.sampling.hard",
    "ltgnn.data.mixture": "ltgnn.sampling.mixture",
    "ltgnn.data.negatives": "ltgnn.sampling.negatives",
    "ltgnn.dim_parallel": "ltgnn.training.distributed.column_parallel",
    "ltgnn.evaluation.aggregation": "ltgnn.scoring.aggregation",
    "ltgnn.evaluation.blend": "ltgnn.scoring.ensemble",
    "ltgnn.evaluation.blend_fitting": "ltgnn.scoring.ensemble_weights",
    "ltgnn.evaluation.dials": "ltgnn.scoring.adjustments",
    "ltgnn.evaluation.scoring": "ltgnn.scoring.score_function",
    "ltgnn.evaluation.standing": "ltgnn.scoring.score_normalisation",
    "ltgnn.evaluation.tail_kept": "ltgnn.scoring.tail_constrained",
    "ltgnn.members": "ltgnn.inference.ensemble_members",
    "ltgnn.models.closed.als": "ltgnn.models.closed_form.als",
    "ltgnn.models.closed.blend": "ltgnn.models.closed_form.blend",
    "ltgnn.models.closed.ease": "ltgnn.models.closed_form.ease",
    "ltgnn.models.closed.neighbours": "ltgnn.models.closed_form.neighbours",
    "ltgnn.models.closed.plain": "ltgnn.models.closed_form.plain",
    "ltgnn.models.closed.spectral": "ltgnn.models.closed_form.spectral",
    "ltgnn.probe": "ltgnn.training.probe",
    "ltgnn.runs.callbacks": "ltgnn.training.callbacks",
    "ltgnn.runs.pareto": "ltgnn.analysis.pareto",
    "ltgnn.runs.table": "ltgnn.analysis.table",
    "ltgnn.schedules": "ltgnn.training.lr_schedule",
    "ltgnn.serving.conditions": "ltgnn.serving.rules",
    "ltgnn.text.controls": "ltgnn.features.controls",
    "ltgnn.text.encoders": "ltgnn.features.encoders",
    "ltgnn.text.features": "ltgnn.features.item_features",
    "ltgnn.text.precomputed": "ltgnn.features.precomputed",
    "ltgnn.text.static": "ltgnn.features.static",
    "ltgnn.text.store": "ltgnn.features.store",
    "ltgnn.text.tfidf": "ltgnn.features.tfidf",
    "ltgnn.text.transform": "ltgnn.features.transform",
    "ltgnn.text.tuning.adaptation": "ltgnn.features.tuning.adaptation",
    "ltgnn.text.tuning.attend": "ltgnn.features.tuning.select_batch_items",
    "ltgnn.text.tuning.copurchase": "ltgnn.features.tuning.copurchase",
    "ltgnn.text.tuning.live": "ltgnn.features.tuning.trainable_text",
    "ltgnn.text.tuning.masked_words": "ltgnn.features.tuning.masked_words",
    "ltgnn.text.tuning.purchase": "ltgnn.features.tuning.purchase",
    "ltgnn.text.tuning.simcse": "ltgnn.features.tuning.simcse",
    "ltgnn.trained": "ltgnn.inference.restore",
}
"""Modules with classes that recipes name: as they were called, as they are called now."""

CLASSES = {
    "ltgnn.analysis.pareto.SweepCurve": "ltgnn.analysis.plots.sweep_curve.SweepCurve",
    "ltgnn.features.item_features.Joined": "ltgnn.features.item_features.JoinedFeatures",
    "ltgnn.features.item_features.NoText": "ltgnn.features.item_features.NoFeatures",
    "ltgnn.features.tuning.select_batch_items.Attend": "ltgnn.features.tuning.select_batch_items.SelectBatchItems",
    "ltgnn.graph.semantic.Similar": "ltgnn.graph.semantic.SimilarItems",
    "ltgnn.losses.alignment.TextContrast": "ltgnn.losses.alignment.ContentContrast",
    "ltgnn.losses.alignment.TextReconstruction": "ltgnn.losses.alignment.ContentReconstruction",
    "ltgnn.models.alpharec.TextNodes": "ltgnn.models.alpharec.ContentNodes",
    "ltgnn.models.closed_form.ease.TextEASE": "ltgnn.models.closed_form.ease.ContentEASE",
    "ltgnn.models.closed_form.neighbours.TextKNN": "ltgnn.models.closed_form.neighbours.ContentKNN",
    "ltgnn.models.fusion.AlignedText": "ltgnn.models.fusion.AlignedContent",
    "ltgnn.models.fusion.Side": "ltgnn.models.fusion.AlignedContent",
    "ltgnn.models.fusion.Text": "ltgnn.models.fusion.ContentOnly",
    "ltgnn.models.projection.Same": "ltgnn.models.projection.NoProjection",
    "ltgnn.models.projection.Separate": "ltgnn.models.projection.ProjectorPerKind",
    "ltgnn.scoring.adjustments.TextProfile": "ltgnn.scoring.adjustments.ContentProfile",
    "ltgnn.scoring.tail_constrained.TailKept": "ltgnn.scoring.tail_constrained.TailConstrained",
    "ltgnn.serving.calibration.Calibrated": "ltgnn.serving.calibration.Calibration",
}
"""Classes with another name: by their module of today."""

ARGUMENTS = {
    "ltgnn.models.closed_form.ease.ContentEASE": {"text_weight": "content_weight"},
    "ltgnn.models.content.WithContent": {"text_dim": "content_dim"},
    "ltgnn.scoring.ensemble.Blend": {"standing": "normaliser"},
}
"""By class, as it is called now: renamed arguments."""

AXES = {"text": "features"}
"""Sections of a recipe, which are the config groups of ``choices``, too."""

ROOT = {"reads_text": "reads_features"}
"""Further keys at the root of a recipe."""

KEYS = {"score": {"dials": "adjustments"}}
"""Keys inside a section."""

PLACES = {
    "blend.standing": "blend.normaliser",
    "graph.item_edges.text": "graph.item_edges.content",
    "model.closed_form.text_weight": "model.closed_form.content_weight",
    "model.encoder.text_dim": "model.encoder.content_dim",
}
"""Further dotted keys of overrides, and what stands below them."""

WORDS = {
    "fusion": {"text": "content"},
    "graph/item_edges": {"text": "content"},
    "model": {"ease_text": "ease_content", "gfcf_text": "gfcf_content", "text_knn": "content_knn"},
}
"""By config group: renamed options."""

INSIDE = {
    option: {f"model.closed_form.{part}.text": f"model.closed_form.{part}.content" for part in ("parts", "weights")}
    for option in ("model=ease_text", "model=gfcf_text")
}
"""Dotted keys that only some earlier options had: renamed where such an option stands beside them."""

METRICS = {"ild_text": "ild_features"}
"""Metrics, in recipes and in results."""

FILES = {"features_card.json": "text_card.json"}
"""Files of a run: as they are called now, as they were called."""

_METRIC = re.compile(rf"(?<![\w.])({'|'.join(METRICS)})(?=@|$)")
_KEY = re.compile(rf"(?<![\w./@:-])({'|'.join(AXES)})(?=[./@=]|$)")
_SECTION = re.compile(r"^([+~]*)(\w+)\.(\w+)(?=[.=]|$)")
_INNER = re.compile(rf"@({'|'.join(AXES)})(?=\.)")


def translated(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe, as read from a folder, in today's names; a recipe of today is unchanged.

    Values that are not a recipe are kept: recipes are checked afterwards.
    """
    found = {key: _node(value) for key, value in recipe.items()}
    for before, after in {**AXES, **ROOT}.items():
        if before in found and after not in found:
            found = {after if key == before else key: value for key, value in found.items()}
            found[after] = _join_section(found[after])
    for name, renamed in KEYS.items():
        if isinstance(section := found.get(name), dict):
            found[name] = {renamed.get(key, key): value for key, value in section.items()}
    if isinstance(choices := recipe.get("choices"), dict):
        found["choices"] = {_axis(key): _word(_axis(key), value) for key, value in choices.items()}
    if isinstance(changed := recipe.get("changed"), str):
        found["changed"] = " ".join(overrides(changed.split(" ")))
    return found


def is_older(recipe: Mapping[str, Any]) -> bool:
    """Whether a recipe, as read from a folder, has names of an earlier version."""
    return translated(recipe) != recipe


def overrides(words: Sequence[str]) -> list[str]:
    """The overrides of one run in today's names."""
    places: dict[str, str] = {}
    for option in INSIDE.keys() & set(words):
        places |= INSIDE[option]
    return [override(word, places) for word in words]


def override(word: str, places: Mapping[str, str] = MappingProxyType({})) -> str:
    """An override of a command, such as ``+text@text.features.image=precomputed``, in today's names.

    ``places``: dotted keys that were renamed, besides those of ``PLACES``.
    """
    key, sign, value = word.partition("=")
    key = _SECTION.sub(
        lambda match: f"{match[1]}{match[2]}.{KEYS.get(match[2], {}).get(match[3], match[3])}", _axis(key)
    )
    for before, after in {**PLACES, **places}.items():
        key = re.sub(rf"^([+~]*){re.escape(before)}(?=\.|$)", rf"\g<1>{after}", key)
    return _metric(f"{key}{sign}{_word(key.lstrip('+~'), value)}" if sign else key)


def metrics(found: Mapping[str, Any]) -> dict[str, Any]:
    """metrics.json with today's names of the metrics."""
    return {
        key: {_metric(name): number for name, number in value.items()}
        if key in ("test", "val") and _has_names(value)
        else value
        for key, value in found.items()
    }


def metric(name: str) -> str:
    """The name of a metric, or of a column of values by user, as it is today."""
    return _metric(name)


def _has_names(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(name, str) for name in value)


def _node(value: Any) -> Any:
    """A value of a recipe with the classes and metrics of today."""
    if isinstance(value, dict):
        arguments = _arguments(value.get("_target_"))
        return {
            arguments.get(k, _metric(k)) if isinstance(k, str) else k: _target(v) if k == "_target_" else _node(v)
            for k, v in value.items()
        }
    if isinstance(value, list):
        return [_node(inner) for inner in value]
    return _metric(value) if isinstance(value, str) else value


def _target(name: Any) -> Any:
    if not isinstance(name, str):
        return _node(name)
    module, _, last = name.rpartition(".")
    moved = f"{MODULES.get(module, module)}.{last}" if module else name
    return CLASSES.get(moved, moved)


def _arguments(name: Any) -> Mapping[str, str]:
    """The renamed arguments of the class of a node."""
    return ARGUMENTS.get(_target(name), {}) if isinstance(name, str) else {}


def _join_section(section: Any) -> Any:
    """The section of item features: its kinds side by side are ``parts``, which were ``features``."""
    if isinstance(section, dict) and isinstance(section.get("features"), dict) and "parts" not in section:
        return {"parts" if key == "features" else key: value for key, value in section.items()}
    return section


def _axis(key: Any) -> Any:
    """``text/transform@text.features.image.transform`` -> ``features/transform@features.parts.image.transform``"""
    if not isinstance(key, str):
        return key
    place = _KEY.sub(lambda match: AXES[match[1]], key)
    place = _INNER.sub(lambda match: f"@{AXES[match[1]]}", place)
    return place if place == key else place.replace("features.features.", "features.parts.")


def _word(axis: Any, word: Any) -> Any:
    named = WORDS.get(axis, {}) if isinstance(axis, str) else {}
    return named.get(word, word) if isinstance(word, str) else word


def _metric(text: str) -> str:
    return _METRIC.sub(lambda match: METRICS[match[1]], text)
