"""The question of a report, answered in one sentence by the rule of ``ltgnn claim``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ltgnn.runs.report.gather import Configuration, Runs
from ltgnn.runs.verdict import claim
from ltgnn.types import Mistake

QUESTION = "Does text on the item nodes help the long tail, and what does the head pay?"
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
    """Best configuration with text against best without, both chosen by validation."""
    name = f"ndcg@{runs.k}"
    new = best([c for c in runs.configurations if c.uses_text], name)
    base = best([c for c in runs.configurations if not c.uses_text], name)
    if new is None or base is None:
        missing = "uses item text" if new is None else "does without item text"
        return Answer("Open", f"no run here {missing} and was validated, so there is nothing to compare with.")
    policy = policy_with_tail(runs)
    gains = ", ".join(
        gain
        for words, key in (("tail", f"{policy}/tail/"), ("head", f"{policy}/head/"), ("overall", ""))
        if (gain := _gain(words, base.side.mean(key + name), new.side.mean(key + name)))
    )
    verdict, reason = "undecided", "no values of single users were kept, so nothing can be tested"
    try:
        judged = claim(base.side, new.side, name, policy, MARGIN, LEVEL, DRAWS, seed=0)
        verdict, reason = judged.verdict, "; ".join(judged.reasons)
    except Mistake as mistake:
        reason = str(mistake)
    return Answer(
        WORDS[verdict],
        f"from {base.label} (best without text by validation) to {new.label} (best with text), test NDCG@{runs.k} "
        f"changes: {gains}; {reason}.",
    )


def policy_with_tail(runs: Runs) -> str:
    """``items20`` where the runs have it, else the first policy with a head and a tail."""
    names = runs.finished[0].metrics["test"]
    policies = list(dict.fromkeys(name.split("/")[0] for name in names if "/tail/" in name))
    return "items20" if "items20" in policies or not policies else policies[0]


def _gain(words: str, before: float | None, after: float | None) -> str:
    if before is None or after is None:
        return ""
    share = f" ({100 * (after / before - 1):+.1f} %)" if before else ""
    return f"{words} {before:.4f} → {after:.4f}{share}"
