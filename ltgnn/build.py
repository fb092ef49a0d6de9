"""Config to parts: the only file that knows every config group."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig

from ltgnn.config.block_readers import tell_blocks
from ltgnn.config.reads_features import find_reading_groups, reads_features
from ltgnn.config.sweep_cache import NO_CACHE, Cache
from ltgnn.data.audit import refuse_leaks
from ltgnn.data.catalog import load
from ltgnn.evaluation.evaluators import Evaluators
from ltgnn.evaluation.monitor_check import find_monitored_part
from ltgnn.features.item_features import FeatureSource
from ltgnn.graph.relation_edges import relations_for
from ltgnn.models.entities import entities_for, types_for
from ltgnn.models.kinds import give_kinds
from ltgnn.sampling.batches import stream
from ltgnn.scoring.ensemble import Blending
from ltgnn.scoring.score_function import ScoreFunction
from ltgnn.types import (
    ClosedForm,
    Dataset,
    Encoder,
    Features,
    Graph,
    Groups,
    Interactions,
    Loss,
    PartEvaluator,
    Relation,
    Sampler,
    Scorer,
    Split,
    UserError,
    Views,
    as_scorer,
    need_closed_form,
    of_kind,
)
from ltgnn.types import Problem as Problem  # for those who build one

if TYPE_CHECKING:  # Lightning costs seconds to import, and a closed form needs none of it
    from ltgnn.module import Recommender
    from ltgnn.sampling.datamodule import RecommendationData

log = logging.getLogger(__name__)

DATA = ("data", "split")
"""Sections of the config that decide the pairs."""


def build_problem(cfg: DictConfig, cache: Cache = NO_CACHE) -> Problem:
    """Data, split, groups and item features; ``cache``: made once for all jobs of a sweep that agree in them."""

    def make() -> Problem:
        dataset = build_dataset(cfg, cache)
        split = build_split(cfg, dataset, cache)
        counts = split.train.item_counts
        encode = partial(build_features(cfg), dataset, counts)
        features = partial(cache.shared, "features", cfg, (*DATA, "features"), encode)  # called where they are read
        return Problem(dataset, split, build_groups(cfg, counts), features)

    return cache.shared("problem", cfg, (*DATA, "groups", "features"), make)


def build_dataset(cfg: DictConfig, cache: Cache = NO_CACHE) -> Dataset:
    """The data set, read and cleaned."""
    return cache.shared("data", cfg, DATA[:1], lambda: load(**instantiate(cfg.data, _convert_="all")))


def build_features(cfg: DictConfig) -> FeatureSource:
    """What makes the item features of a data set."""
    return of_kind(instantiate(cfg.features), FeatureSource, "features")  # type: ignore[type-abstract]


def build_split(cfg: DictConfig, dataset: Dataset, cache: Cache = NO_CACHE) -> Split:
    """Train, validation and test part of the data set that ``cfg.data`` describes."""
    split: Split = cache.shared("split", cfg, DATA, lambda: instantiate(cfg.split)(dataset))
    return split


def build_groups(cfg: DictConfig, counts: torch.Tensor) -> dict[str, Groups]:
    """The groups of each policy; ``counts``: train interactions of the items [I]."""
    return {name: policy(counts) for name, policy in instantiate(cfg.groups).items()}


def build_evaluators(
    cfg: DictConfig, problem: Problem, cache: Cache = NO_CACHE, split: Split | None = None
) -> Evaluators:
    """An evaluator for each part that holds pairs, made when it is asked for first.

    ``split``: other held-out parts than those of ``problem``; they are not shared.
    """

    def make() -> Evaluators:
        parts = problem.groups, lambda: problem.feature_matrix, problem.dataset.item_fields, problem.dataset.user_fields
        return Evaluators(lambda: instantiate(cfg.eval, _convert_="all"), split or problem.split, *parts)

    cache = cache if split is None else NO_CACHE
    return cache.shared("evaluators", cfg, (*DATA, "groups", "features", "eval"), make)


def build_blend(cfg: DictConfig) -> Blending:
    """How the scores of finished runs become one: the config group ``blend`` of ``ltgnn ensemble``."""
    blend: Blending = instantiate(cfg.blend)
    return blend


def fetch_files(cfg: DictConfig) -> Path:
    """The folder of the verified files of a data set, obtained where they are absent."""
    folder: Path = instantiate(cfg.data.files, _convert_="all")()
    return folder


def is_closed_form(cfg: DictConfig) -> bool:
    """Whether the model is computed rather than trained."""
    return "closed_form" in cfg.model


def build_closed_form(cfg: DictConfig) -> ClosedForm:
    """The model that is computed, not fitted yet."""
    return need_closed_form(instantiate(cfg.model.closed_form), "model.closed_form")


def fit_closed_form(cfg: DictConfig, problem: Problem, cache: Cache = NO_CACHE) -> Scorer:
    """A model that is computed; jobs that differ only in their score adjustments compute it once."""
    refuse_leaks(problem.split, None, None)
    model = build_closed_form(cfg)
    features, reads = (problem.features, ("features",)) if model.reads_features else (None, ())
    fit = partial(tell_blocks(model, features).fit, problem.split.train, features and features.values)
    return cache.shared("closed form", cfg, (*DATA, "model", *reads), lambda: as_scorer(fit()), kept=1)


def adjust_scores(cfg: DictConfig, problem: Problem, base: Scorer, evaluators: Mapping[str, PartEvaluator]) -> Scorer:
    """The scores of a closed form with the score adjustments on top."""
    return build_score(cfg, problem).over(base, fitting_evaluator(cfg, evaluators))


def fitting_evaluator(cfg: DictConfig, evaluators: Mapping[str, PartEvaluator]) -> PartEvaluator | None:
    """What ``score.fit`` chooses by, the evaluator of the validation part; None where nothing is chosen."""
    return evaluators.get("val") if cfg.score.get("fit") else None


def uses_features(cfg: DictConfig, problem: Problem) -> bool:
    """Whether item features reach the scores: what the parts that get them declare, and whether there are any."""
    return bool(reading_groups(cfg)) and problem.features is not None


def reading_groups(cfg: DictConfig) -> list[str]:
    """The config groups with a part that reads item features and decides the scores."""
    return find_reading_groups(cfg, instantiate)


def build_graph(
    cfg: DictConfig, train: Interactions, features: Features | None, relations: Mapping[str, Relation]
) -> Graph:
    """The graph of the train part; ``relations`` of the data set go to a class that declares ``reads_relations``."""
    part = tell_blocks(instantiate(cfg.graph), features)
    graph = part(train, features=features and features.values, **relations_for(part, relations))
    return of_kind(graph, Graph, "graph")  # type: ignore[type-abstract]


def build_module(
    cfg: DictConfig, problem: Problem, evaluators: Mapping[str, PartEvaluator] | None = None, cache: Cache = NO_CACHE
) -> Recommender:
    """A model that is trained: every config group instantiated once, seeded by ``seed``.

    ``evaluators``: of its validation epochs; None: it is not validated.
    """
    from ltgnn.module import Recommender

    train, relations, sections = problem.split.train, problem.dataset.relations, (*DATA, "features", "graph")
    reading = set(reading_groups(cfg))
    seen, features = (problem.features if reading & by else None for by in ({"graph"}, {"fusion", "live", "model"}))
    graph = cache.copied("graph", cfg, sections, lambda: build_graph(cfg, train, seen, relations))
    refuse_leaks(problem.split, graph, train.item_counts)
    torch.manual_seed(int(cfg.seed))
    embed, encode = instantiate(cfg.model.embedding), tell_blocks(instantiate(cfg.model.encoder), features)
    embedding = embed(
        train=train,
        fusion=give_kinds(instantiate(cfg.fusion), features),
        features=instantiate(cfg.live)(build_features(cfg), problem.dataset, features),
        **entities_for(graph, embed, encode),
    )
    losses = build_losses(cfg, problem)
    encoder = of_kind(encode(embedding, **types_for(graph, encode)), Encoder, "model.encoder")  # type: ignore[type-abstract]
    return Recommender(
        encoder=encoder,
        graph=graph,
        views=of_kind(instantiate(cfg.views), Views, "views"),  # type: ignore[type-abstract]
        losses=losses,
        sampler=of_kind(instantiate(cfg.sampler.negatives)(train), Sampler, "sampler.negatives"),  # type: ignore[type-abstract]
        score=build_score(cfg, problem),
        evaluators=evaluators or {},
        monitor=str(cfg.monitor).partition("/")[2],
        optimizer=instantiate(cfg.optim),
        stream=stream,
        seed=int(cfg.seed),
        shared=batches_per_step(cfg),
        schedule=instantiate(cfg.schedule) if cfg.get("schedule") else None,
    )


def build_losses(cfg: DictConfig, problem: Problem) -> dict[str, Loss]:
    """Every term of the objective; a ``_partial_`` one gets train part, groups, and features if it takes them."""

    def build(term: Loss | partial[Loss]) -> Loss:
        if not isinstance(term, partial):
            return term
        takes = isinstance(term.func, type) and issubclass(term.func, Loss) and term.func.takes_features
        seen = problem.features if takes and reads_features(term, False) else None
        given = {"features": seen and seen.values} if takes else {}
        return tell_blocks(term, seen)(problem.split.train, problem.groups, **given)

    terms = {name: term for name, term in instantiate(cfg.loss).items() if term is not None}
    return {n: of_kind(build(term), Loss, f"loss.{n}") for n, term in terms.items()}  # type: ignore[type-abstract]


def build_data(cfg: DictConfig, problem: Problem, evaluators: Mapping[str, PartEvaluator]) -> RecommendationData:
    """Train batches, and the part that the monitor watches."""
    from ltgnn.sampling.datamodule import RecommendationData

    size = int(cfg.batch_size) * batches_per_step(cfg)
    return RecommendationData(
        problem.split.train, size, cfg.sampler.epoch_unit, int(cfg.seed), [find_monitored_part(cfg.monitor, evaluators)]
    )


def batches_per_step(cfg: DictConfig) -> int:
    """Mini-batches that share one pass over the graph and one step."""
    if (given := int(cfg.get("shared_batches", 1))) < 1:  # runs of before the knob was there have one
        raise UserError(f"shared_batches={given} given, at least 1 wanted: mini-batches to a pass over the graph.")
    return given


def build_score(cfg: DictConfig, problem: Problem) -> ScoreFunction:
    """The scores of states, with the score adjustments built from the train part."""
    if cfg.score.get("fit") and not len(problem.split.val):
        raise UserError("score.fit chooses by validation, but this split has none: set split.val, or score.fit=null.")
    features = problem.feature_matrix if "score" in reading_groups(cfg) else None
    return instantiate(cfg.score).fit(problem.split.train, features)  # type: ignore[no-any-return]
