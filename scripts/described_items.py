"""Does what a small language model writes about items help the tail over their fields alone?

    LTGNN_MIRROR=DIR python scripts/described_items.py

``ITEMS`` films of ml-100k chosen at random (seed 0) and the users with three or more of them, per user at random
80/10/10, five split seeds, test part, full ranking; groups items20. SmolLM2-135M-Instruct writes a description,
attributes, uses and buyers of each film from title, year and genres (features=described, features/writer=smollm2), and
MiniLM encodes the texts. ``match alone``: each unseen item by the texts of its 20 nearest items in the user's history.
``EASE + match``: EASE and that, at the weight of ``WEIGHTS`` that is best on validation (NDCG@20), for each text and
split anew. Differences from ``fields`` are tested by the paired bootstrap over users, of each user's mean over the
splits. Prints the tables and writes
experiments/describe/results.json.
"""

from __future__ import annotations

import json
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from hydra.utils import instantiate
from text_controls import bootstrapped  # beside this file

from ltgnn.build import build_dataset, build_evaluators, build_features, build_groups
from ltgnn.config.composing import compose_config
from ltgnn.features.describing.described_text import need_described
from ltgnn.types import Dataset, Evaluation, Interactions, Problem, Scorer

SAVED = Path(__file__).resolve().parents[1] / "experiments/describe"
ITEMS, USER_CORE, SEEDS = 400, 3, (0, 1, 2, 3, 4)
WEIGHTS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
ALONE = '"{description} Attributes: {attributes}. Uses: {uses}. Buyers: {buyers}"'
DESCRIBED = ["features=described", "features.describer.again=null"]  # asked again, this model does no better
TEXTS = {
    "fields": ["features=minilm"],
    "fields and written": DESCRIBED,
    "written alone": [*DESCRIBED, f"features.text={ALONE}"],
    "fields and written, shuffled": [*DESCRIBED, "features/control=shuffled"],
    "fields, states of SmolLM2": ["features=causal_lm", "features/transform=centre"],
}
SHOWN = ("recall@20", "ndcg@20", "items20/head/recall@20", "items20/tail/recall@20", "items20/tail/ndcg@20")
TESTED = ("items20/tail/recall@20", "items20/head/recall@20")


def config(words: list[str], seed: int) -> Any:
    given = ["data=ml100k", "model=ease", "score=content", f"split.seed={seed}", "eval=accuracy"]
    return compose_config("train", [*given, *words], None)


def narrow(dataset: Dataset, size: int, seed: int) -> Dataset:
    """Items chosen at random, and the users who have at least ``USER_CORE`` of them."""
    pairs = dataset.parts["all"]
    chosen = torch.randperm(dataset.num_items, generator=torch.Generator().manual_seed(seed))[:size].sort().values
    kept = torch.isin(pairs.items, chosen)
    counts = torch.bincount(pairs.users[kept], minlength=dataset.num_users)
    people = torch.nonzero(counts >= USER_CORE).flatten()
    kept &= torch.isin(pairs.users, people)
    part = Interactions(
        torch.searchsorted(people, pairs.users[kept].long()),
        torch.searchsorted(chosen, pairs.items[kept].long()),
        len(people),
        size,
    )
    return replace(
        dataset,
        parts={"all": part},
        user_ids=[dataset.user_ids[row] for row in people.tolist()],
        item_ids=[dataset.item_ids[row] for row in chosen.tolist()],
        item_fields={n: [column[row] for row in chosen.tolist()] for n, column in dataset.item_fields.items()},
        item_numbers={},
        user_fields={},
    )


def evaluate_split(dataset: Dataset, seed: int) -> dict[str, dict[str, Evaluation]]:
    """Model -> text -> its evaluation on the test part of one split."""
    cfg = config(TEXTS["fields"], seed)
    split = instantiate(cfg.split)(dataset)
    counts = split.train.item_counts
    problem = Problem(dataset, split, build_groups(cfg, counts), lambda: None)
    evaluators = build_evaluators(cfg, problem)
    ease: Scorer = instantiate(cfg.model.closed_form).fit(split.train, None)
    found: dict[str, dict[str, Evaluation]] = {"EASE + match": {"none": evaluators["test"](ease)}, "match alone": {}}
    for name, words in TEXTS.items():
        features = build_features(config(words, seed))(dataset, counts)
        assert features is not None
        adjustment = instantiate(cfg.score.adjustments.content, weight=1.0)
        match: Scorer = adjustment(split.train, features.values)

        def both(users: torch.Tensor, weight: float, match: Scorer = match) -> torch.Tensor:
            return ease(users) + weight * match(users)

        def on_validation(weight: float) -> float:
            return float(evaluators["val"](lambda users: both(users, weight)).values["ndcg@20"])

        best = max(WEIGHTS, key=on_validation)
        found["EASE + match"][name] = evaluators["test"](lambda users, best=best: both(users, best))
        found["match alone"][name] = evaluators["test"](match)
        print(
            seed, name, best, {m: {k: round(e[name].values[k], 4) for k in SHOWN} for m, e in found.items()}, flush=True
        )
    return found


def differences(splits: list[dict[str, Evaluation]], base: str) -> dict[str, dict[str, Any]]:
    """Text and tested value: difference from ``base``, its 95 % interval and p."""
    tested: dict[str, dict[str, Any]] = {}
    for name in splits[0]:
        if name == base:
            continue
        each = [[(rows[name].per_user[v] - rows[base].per_user[v]).numpy() for rows in splits] for v in TESTED]
        with warnings.catch_warnings(action="ignore"):  # users without a pair of the group in any split
            means = [np.nanmean(np.stack(one), axis=0) for one in each]
        tested[name] = bootstrapped(dict(zip(TESTED, means, strict=True)))
    return tested


def markdown(values: dict[str, dict[str, dict[str, float]]], tested: dict[str, Any]) -> str:
    lines = [f"| model | text | {' | '.join(SHOWN)} |", "|---|---|" + "---|" * len(SHOWN)]
    for model, rows in values.items():
        for text, row in rows.items():
            lines.append(f"| {model} | {text} | {' | '.join(f'{row[name]:.4f}' for name in SHOWN)} |")
    lines += [
        "",
        "| model | text less `fields` | value | difference | 95 % interval | p |",
        "|---|---|---|---|---|---|",
    ]
    for model, texts in tested.items():
        for text, row in texts.items():
            for value, d in row.items():
                low, high = d["interval"]
                numbers = f"{d['difference']:+.4f} | {low:+.4f} {high:+.4f} | {d['p']:.2g}"
                lines.append(f"| {model} | {text} | {value} | {numbers} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    dataset = narrow(build_dataset(config(TEXTS["fields"], 0)), ITEMS, seed=0)
    source = need_described(build_features(config(TEXTS["fields and written"], 0)))
    asked, started = source.questions(dataset), time.perf_counter()
    descriptions = source.describer(asked)
    print(f"described in {time.perf_counter() - started:.0f} s: {source.describer.cost(asked).in_words()}", flush=True)
    for text, one in list(zip(asked, descriptions, strict=True))[:: ITEMS // 8]:
        print(f"  {text} -> {dict(one.parts)}", flush=True)
    splits = [evaluate_split(dataset, seed) for seed in SEEDS]
    models = list(splits[0])
    values = {
        model: {
            text: {k: round(float(np.mean([s[model][text].values[k] for s in splits])), 6) for k in SHOWN}
            for text in splits[0][model]
        }
        for model in models
    }
    tested = {model: differences([s[model] for s in splits], "fields") for model in models}
    cost = source.describer.cost(asked)
    SAVED.mkdir(parents=True, exist_ok=True)
    pairs = len(dataset.parts["all"])
    facts = {"users": dataset.num_users, "items": dataset.num_items, "pairs": pairs, "cost": cost.in_words()}
    results = {"data": facts, "values": values, "difference from fields": tested}
    (SAVED / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    print(markdown(values, tested))


if __name__ == "__main__":
    main()
