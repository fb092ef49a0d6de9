"""The model card of a fine-tuned encoder: what it is, what it was tuned on, what it brought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def model_card(facts: Mapping[str, Any], before: Mapping[str, float], after: Mapping[str, float]) -> str:
    """Markdown with the YAML head that the Hugging Face hub reads.

    ``before`` and ``after``: metric -> value on the test part, ranking by text only.
    """
    rows = [
        f"| {name} | {before[name]:.4f} | {after[name]:.4f} | {_change(before[name], after[name])} |"
        for name in before
        if name in after
    ]
    lines = [
        "---",
        "library_name: transformers",
        "pipeline_tag: feature-extraction",
        "tags: [ltgnn, recommendation, item-text]",
        "---",
        f"# Item text encoder for {facts['data']}",
        "",
        f"Fine-tuned with `ltgnn finetune` from `{facts['base']}`. Use it as `features.encoder=FOLDER`.",
        "",
        *(f"- **{name}**: {value}" for name, value in facts.items()),
        "",
        "Ranking of all unseen items by text only (sum of cosines to the user's train items), held-out test pairs:",
        "",
        "| metric | before | after | change |",
        "|---|---|---|---|",
        *rows,
        "",
        "Tuned on the train part only: no validation or test pair was part of any training pair.",
    ]
    return "\n".join(lines) + "\n"


def _change(before: float, after: float) -> str:
    return "n/a" if not before else f"{100 * (after / before - 1):+.1f} %"
