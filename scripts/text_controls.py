"""Does the text itself bring the gain? Frozen features beside their controls, in two models without training.

    LTGNN_MIRROR=DIR python scripts/text_controls.py

amazon-beauty, per user at random 80/10/10 (split seed 0), test part, full ranking. ``EASE + match`` is
``experiment=ease_text_beauty``; EASE is computed once and the text match laid over it. ``match alone`` is the match
without EASE: each unseen item by the texts of its 20 nearest items in the user's history. Differences from the row
``none`` are tested by the paired bootstrap over users. Writes experiments/text_controls/results.json and its README.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from hydra.utils import instantiate

from ltgnn.analysis.significance import Bootstrap
from ltgnn.build import build_evaluators, build_problem
from ltgnn.config.composing import compose_config
from ltgnn.types import Evaluation, Scorer

SAVED = Path(__file__).resolve().parents[1] / "experiments/text_controls"
TEXTS = {"MiniLM, frozen": "minilm", "shuffled MiniLM": "shuffled", "random": "random", "TF-IDF + SVD": "tfidf"}
SHOWN = ("recall@20", "ndcg@20", "items20/head/recall@20", "items20/tail/recall@20", "items20/tail/ndcg@20")
TESTED = ("items20/tail/recall@20", "items20/head/recall@20")
DRAWS = 10_000


def evaluations() -> Iterator[dict[str, dict[str, Evaluation]]]:
    """Model -> text -> its evaluation on the test part; again after each text."""

    def config(text: str) -> Any:
        return compose_config(
            "train", ["experiment=ease_text_beauty", f"features={text}", "split.seed=0", "eval=accuracy"], None
        )

    cfg = config("none")
    plain = build_problem(cfg)
    ease: Scorer = instantiate(cfg.model.closed_form).fit(plain.split.train, None)
    found: dict[str, dict[str, Evaluation]] = {
        "EASE + match": {"none": build_evaluators(cfg, plain)["test"](ease)},
        "match alone": {},
    }
    for name, text in TEXTS.items():
        with_text = config(text)
        problem = build_problem(with_text)
        evaluate = build_evaluators(with_text, problem)["test"]
        match: Scorer = instantiate(cfg.score.adjustments.content)(problem.split.train, problem.feature_matrix)

        def both(users: torch.Tensor, match: Scorer = match) -> torch.Tensor:
            return ease(users) + match(users)

        found["EASE + match"][name] = evaluate(both)
        found["match alone"][name] = evaluate(match)
        print(name, {m: {k: round(e[name].values[k], 4) for k in SHOWN} for m, e in found.items()}, flush=True)
        yield found


def differences(rows: Mapping[str, Evaluation], base: str) -> dict[str, dict[str, Any]]:
    """Per text and tested value: difference from ``base``, its 95 % interval and p."""
    tested: dict[str, dict[str, Any]] = {}
    for name, row in rows.items():
        if name == base:
            continue
        tested[name] = bootstrapped({v: (row.per_user[v] - rows[base].per_user[v]).numpy() for v in TESTED})
    return tested


def bootstrapped(columns: Mapping[str, np.ndarray]) -> dict[str, dict[str, Any]]:
    """Per value, of differences [users]: their mean, its 95 % interval and p, by the bootstrap over users."""
    drawn = Bootstrap.of(np.stack(list(columns.values()), axis=1), DRAWS, seed=0)
    found = {}
    for place, value in enumerate(columns):
        interval = drawn.interval(place, 0.95)
        found[value] = {
            "difference": interval.estimate,
            "interval": [interval.lower, interval.upper],
            "p": drawn.p(place),
        }
    return found


def markdown(values: Mapping[str, Mapping[str, Mapping[str, float]]], tested: Mapping[str, Any]) -> str:
    lines = [
        "# Does the text itself bring the gain?",
        "",
        "Made by `python scripts/text_controls.py` (what each row is stands in its first lines): amazon-beauty, per "
        "user at random 80/10/10, split seed 0, test part, full ranking; groups items20. `shuffled` gives every item "
        "the MiniLM vector of another one, `random` has the mean and covariance of the real vectors and no item.",
        "",
        f"| model | text | {' | '.join(SHOWN)} |",
        "|---|---|" + "---|" * len(SHOWN),
    ]
    for model, rows in values.items():
        for text, row in rows.items():
            lines.append(f"| {model} | {text} | {' | '.join(f'{row[name]:.4f}' for name in SHOWN)} |")
    lines += [
        "",
        f"Difference from EASE without text, paired bootstrap over users, {DRAWS:,} draws:",
        "",
        "| text | value | difference | 95 % interval | p |",
        "|---|---|---|---|---|",
    ]
    for text, row in tested.items():
        for value, d in row.items():
            low, high = d["interval"]
            lines.append(f"| {text} | {value} | {d['difference']:+.5f} | {low:+.5f} {high:+.5f} | {d['p']:.2g} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    for found in evaluations():
        values = {
            model: {text: {k: round(e.values[k], 6) for k in SHOWN} for text, e in rows.items()}
            for model, rows in found.items()
        }
        tested = differences(found["EASE + match"], "none")
        SAVED.mkdir(parents=True, exist_ok=True)
        results = {"values": values, "difference from EASE without text": tested}
        (SAVED / "results.json").write_text(json.dumps(results, indent=1) + "\n")
        (SAVED / "README.md").write_text(markdown(values, tested))


if __name__ == "__main__":
    main()
