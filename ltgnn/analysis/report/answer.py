"""The question of a report, answered in one sentence by the rule of ``ltgnn claim``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ltgnn.analysis.claim_rule import claim
from ltgnn.analysis.item_groups import not_scorable, rule
from ltgnn.analysis.report.gather import Configuration, Runs
from ltgnn.io.pluralize import pluralize
from ltgnn.types import Damaged, UserError

QUESTION = "Do item features help the long tail, and what does the head pay?"
WORDS = {"yes": "Yes", "no": "No", "undecided": "Undecided"}
MARGIN, LEVEL, DRAWS = 0.01, 0.95, 2_000


@dataclass(frozen=True)
class Answer:
    """Verdict and sentence; the best configuration of either side, where there is one."""

    verdict: str
    sentence: str


def best(configurations: Sequence[Configuration], name: str) -> Configuration | None:
    """The best by the validation value ``name``."""
    known = [(value, c) for c in configurations if (value := c.validation(name)) is not None]
    return max(known, key=lambda pair: pair[0])[1] if known else None


def answer(runs: Runs) -> Answer:
    """Best configuration with features against best without, both chosen by validation."""
    name = f"ndcg@{runs.k}"
    new = best([c for c in runs.configurations if c.uses_features], name)
    base = best([c for c in runs.configurations if not c.uses_features], name)
    if new is None or base is None:
        missing = "uses item features" if new is None else "does without item features"
        return Answer("Open", f"no run here {missing} and was validated, so there is nothing to compare with.")
    gains = ", ".join(
        gain
        for words, key in (("tail", f"{runs.policy}/tail/"), ("head", f"{runs.policy}/head/"), ("overall", ""))
        if (gain := _gain(words, base, new, key + name))
    )
    verdict, reason = "undecided", "no values of single users were kept, so nothing can be tested"
    try:
        judged = claim(base.side, new.side, name, runs.policy, MARGIN, LEVEL, DRAWS, seed=0)
        verdict, reason = judged.verdict, "; ".join(judged.reasons)
    except Damaged:  # this run is left out, and the page made again without it
        raise
    except UserError as mistake:
        reason = str(mistake)
    return Answer(
        WORDS[verdict],
        f"from {base.label} (best without features by validation, {count_runs(base)}) to {new.label} "
        f"(best with features, {count_runs(new)}), test NDCG@{runs.k} changes: {gains}; "
        f"groups {rule(runs.finished, runs.policy)}; {reason}.",
    )


def _gain(words: str, base: Configuration, new: Configuration, name: str) -> str:
    before, after = base.side.mean(name), new.side.mean(name)
    if before is None or after is None:
        return ""
    share = f" ({100 * (after / before - 1):+.1f} %)" if before else ""
    return f"{words} {format_mean(base, name)} → {format_mean(new, name)}{share}"


def format_mean(configuration: Configuration, name: str) -> str:
    """Mean, and the spread over seeds where there are several."""
    if all(not_scorable(run, name) for run in configuration.side.runs):
        return "not scorable"
    sd = configuration.side.sd(name)
    return f"{configuration.side.mean(name):.4f}" + (f" ± {sd:.4f}" if sd is not None else "")


def count_runs(configuration: Configuration) -> str:
    return pluralize(len(configuration.side.runs), "run")
