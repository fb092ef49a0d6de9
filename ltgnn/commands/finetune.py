"""Tune a text encoder on a shop's own data: ``ltgnn finetune``; leaves a Hugging Face folder and its figures."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from omegaconf import DictConfig, open_dict

from ltgnn.build import Problem, build_evaluators, build_features, build_problem
from ltgnn.config.hydra_entry import hydra_entry
from ltgnn.config.sweep_cache import NO_CACHE, Cache
from ltgnn.data.fetch import fetch_unpublished
from ltgnn.evaluation.monitor_check import find_monitored_part
from ltgnn.features.item_features import ItemText
from ltgnn.features.retrieval_quality import by_text
from ltgnn.runs.existing_run import finished_metrics
from ltgnn.runs.folder import RunFolder
from ltgnn.runs.run_key import resolve_config
from ltgnn.runs.tracking import Tracker
from ltgnn.runs.warnings import small_validation
from ltgnn.training.quiet import quiet_lightning
from ltgnn.types import Evaluation, PartEvaluator, UserError

if TYPE_CHECKING:
    from ltgnn.features.tuning.module import Tuner

log = logging.getLogger(__name__)

SHOWN = ("recall@20", "ndcg@20")
GROUPS = ("items20/head/", "items20/tail/", "items20/cold/")


def finetune(cfg: DictConfig, overrides: Sequence[str] = (), cache: Cache = NO_CACHE) -> dict[str, Evaluation]:
    """One job: frozen features, tuning, the folder, the metrics of both."""
    folder, started = RunFolder(cfg.paths.run_dir), time.perf_counter()
    with folder.job(cfg, overrides), instantiate(cfg.logger).open(folder.path, resolve_config(cfg)) as tracker:
        source = item_text(cfg)
        problem = build_problem(cfg, cache)
        evaluators = build_evaluators(cfg, problem, cache)
        find_monitored_part(str(cfg.monitor), evaluators)
        if problem.features is None:
            raise UserError(f"{problem.dataset.name} has no item text to tune an encoder on; set data.template")
        tuner = tune(cfg, problem, evaluators.get("val"), source, tracker)
        tuned = folder.path / "encoder"
        tuner.objective.encoder.save(tuned)
        tuned_source = source.with_encoder(str(tuned))
        features = tuned_source(problem.dataset, problem.split.train.item_counts)
        assert features is not None
        folder.write_json("features_card.json", features.card)
        before = evaluate_text(problem, evaluators, problem.features.values)
        after = evaluate_text(problem, evaluators, features.values)
        seconds = round(time.perf_counter() - started, 1)
        folder.write_json("metrics.json", results(cfg, problem, evaluators, before, after, seconds))
        for name, evaluations in (("before", before), ("after", after)):
            for part, evaluation in evaluations.items():
                folder.write_evaluation(f"{name}_{part}", evaluation)
        write_card(cfg, problem, source, tuned, before, after)
        tracker.evaluations({f"{part}/{name}": value for part, e in after.items() for name, value in e.values.items()})
        log.info("%s", table(before, after))
        log.info("tuned encoder: features.encoder=%s", tuned)
    return after


def item_text(cfg: DictConfig) -> ItemText:
    """The text part, which has to have an encoder with weights."""
    source = build_features(cfg)
    text = source.item_text
    if text is None or text is not source or text.trainable is None:
        raise UserError(
            f"finetune needs a Hugging Face encoder, but features is {cfg.features._target_}; set features=minilm or "
            "features=folder"
        )
    return text


def tune(
    cfg: DictConfig, problem: Problem, evaluate: PartEvaluator | None, source: ItemText, tracker: Tracker
) -> Tuner:
    """The tuner after its training."""
    import pytorch_lightning as pl

    from ltgnn.features.tuning.encoder import TunedEncoder
    from ltgnn.features.tuning.module import StepBar, Tuner

    assert source.trainable is not None  # `item_text` has asked
    train = problem.split.train
    torch.manual_seed(int(cfg.seed))
    texts = source.texts(problem.dataset)
    encoder = TunedEncoder(
        source.trainable, texts, instantiate(cfg.adapt), bool(cfg.checkpointing), int(cfg.chunk_tokens), cfg.dropout
    )
    objective = instantiate(cfg.objective)(encoder, train, batch_size=int(cfg.batch_size), seed=int(cfg.seed))
    trained = sum(p.numel() for p in objective.parameters() if p.requires_grad)
    log.info("%s: %d weights trained, %d steps an epoch", type(objective).__name__, trained, objective.steps)

    def validate(values: torch.Tensor) -> dict[str, float]:
        assert evaluate is not None
        evaluation = evaluate(by_text(train, values), device=torch.device("cpu"))
        return {f"val/{name}": value for name, value in evaluation.values.items()}

    tuner = Tuner(
        objective, instantiate(cfg.optimizer), float(cfg.warmup), int(cfg.seed), None if evaluate is None else validate
    )
    callbacks = [callback for callback in instantiate(cfg.callbacks).values() if callback is not None]
    with quiet_lightning():
        trainer: pl.Trainer = instantiate(cfg.trainer)(
            callbacks=[*callbacks, *tracker.callbacks(), *([] if cfg.sweep.running else [StepBar()])],
            logger=tracker.lightning_logger(),
        )
        if cfg.resume and not Path(cfg.resume).is_file():  # of an address, Lightning would run what it finds there
            raise UserError(f"resume={cfg.resume}: no such file; wanted checkpoints/last.ckpt of a broken run.")
        trainer.fit(tuner, ckpt_path=cfg.resume)
    if trainer.interrupted:
        raise KeyboardInterrupt
    return tuner


def evaluate_text(
    problem: Problem, evaluators: Mapping[str, PartEvaluator], values: torch.Tensor
) -> dict[str, Evaluation]:
    """Metrics of ranking by text only on each held-out part."""
    scorer = by_text(problem.split.train, values)
    return {part: evaluate(scorer, device=torch.device("cpu")) for part, evaluate in evaluators.items()}


def results(
    cfg: DictConfig,
    problem: Problem,
    evaluators: Mapping[str, PartEvaluator],
    before: Mapping[str, Evaluation],
    after: Mapping[str, Evaluation],
    seconds: float,
) -> dict[str, Any]:
    """What goes into metrics.json: the frozen encoder under ``before``, the tuned one as any run."""
    return {
        "before": {part: evaluation.values for part, evaluation in before.items()},
        **{part: evaluation.values for part, evaluation in after.items()},
        "selection": {"by": "last epoch"},
        "seconds": {"total": seconds},
        **problem.record(problem.split, evaluators),
        "warnings": [w for w in [small_validation(problem.split, cfg.split.get("val"))] if w],
    }


def write_card(
    cfg: DictConfig,
    problem: Problem,
    source: ItemText,
    tuned: Path,
    before: Mapping[str, Evaluation],
    after: Mapping[str, Evaluation],
) -> None:
    """The model card of the tuned folder, its README.md."""
    from ltgnn.features.tuning.card import model_card

    assert source.trainable is not None  # `item_text` has asked
    facts = {
        "data": problem.dataset.name,
        "split": problem.split.name,
        "split fingerprint": problem.split.fingerprint,
        "template": source.template_for(problem.dataset),
        "base": ", ".join(source.trainable.sources),
        "base weights": source.trainable.identity["weights"],
        "objective": dict(resolve_config(cfg.objective)),
        "adapted": dict(resolve_config(cfg.adapt)),
        "epochs, batch, lr, seed": f"{cfg.epochs}, {cfg.batch_size}, {cfg.lr}, {cfg.seed}",
    }
    card = model_card(facts, select_metrics(before["test"]), select_metrics(after["test"]))
    (tuned / "README.md").write_text(card, encoding="utf-8")


def select_metrics(evaluation: Evaluation) -> dict[str, float]:
    """Recall and NDCG at 20, of all items and by the groups of claims."""
    names = [f"{group}{metric}" for group in ("", *GROUPS) for metric in SHOWN]
    return {name: evaluation.values[name] for name in names if name in evaluation.values}


def table(before: Mapping[str, Evaluation], after: Mapping[str, Evaluation]) -> str:
    """The figures before and after side by side, for the terminal."""
    rows = [
        f"  {part:<5} {name:<28} {value:8.4f} {select_metrics(after[part])[name]:8.4f}"
        for part in before
        for name, value in select_metrics(before[part]).items()
    ]
    return "\n".join([f"text only: {'':<24} {'before':>8} {'after':>8}", *rows])


def task(cfg: DictConfig, cache: Cache = NO_CACHE) -> float:
    """What Hydra calls for each job; returns the monitored value of the tuned encoder."""
    hydra = HydraConfig.get()
    with open_dict(cfg):
        cfg.choices = {
            group: choice for group, choice in hydra.runtime.choices.items() if not group.startswith("hydra/")
        }
    part, _, name = str(cfg.monitor).partition("/")
    fetch_unpublished(resolve_config(cfg.data))
    if (before := finished_metrics(Path(cfg.paths.run_dir), cfg)) is not None:
        return float(before[part][name])
    return float(finetune(cfg, hydra.overrides.task, cache)[part].values[name])


main = hydra_entry("finetune", task)


if __name__ == "__main__":
    raise SystemExit(main())
