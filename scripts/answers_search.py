"""Answers on the small set made for the tests: weight of words and threshold, chosen on even questions, judged on odd.

python scripts/answers_search.py [--out experiments/search/answers.md]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch
from hydra.utils import instantiate
from torch import Tensor

from ltgnn.commands.answers import table
from ltgnn.config.composing import compose_config
from ltgnn.inference.search.faq import Answers, best_threshold, evaluate

DATA = Path(__file__).parent.parent / "tests/serving"
WEIGHTS = (0.0, 0.25, 0.5, 1.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", default="minilm")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    faq = table(DATA / "faq.csv", {"question": "question", "answer": "answer"})
    asked = table(DATA / "questions.csv", {"asked": "asked", "question": "question"}, optional=("question",))
    source = instantiate(compose_config("train", [f"features={arguments.text}", "data.template=null"], None).features)
    read = source.encoder.queries([*faq["question"], *faq["answer"]])
    known: dict[str, Tensor] = {}

    def encode(texts: Sequence[str]) -> Tensor:
        if new := [text for text in texts if text not in known]:
            known.update(zip(new, read(new), strict=True))
        return torch.stack([known[text] for text in texts])

    answerable = [bool(meant) for meant in asked["question"]]
    lines = [
        f"# Answers: {len(faq['question'])} answers, {sum(answerable)} questions that have one, "
        f"{len(answerable) - sum(answerable)} that have none",
        "",
        "`python scripts/answers_search.py`: weight of BM25 beside meaning (" + arguments.text + "), threshold on the",
        "likeness of the best row. Even rows of `tests/serving/questions.csv` choose the threshold, odd rows judge it.",
        "The set was written for the tests: it says that the parts work together, not how a shop's own table fares.",
        "",
        "| weight of words | best row is the one meant | threshold (even rows) | accuracy, even | accuracy, odd "
        "| odd: right | wrong | declined |",
        "|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for weight in WEIGHTS:
        answers = Answers(faq["question"], faq["answer"], encode, 0.0, weight)
        best = [answers.rank(question, 1)[0] for question in asked["asked"]]
        likeness = [reply.likeness for reply in best]
        correct = [reply.question == meant for reply, meant in zip(best, asked["question"], strict=True)]
        columns = (likeness, correct, answerable)
        even, odd = [c[0::2] for c in columns], [c[1::2] for c in columns]
        threshold = best_threshold(*even)  # type: ignore[arg-type]
        chosen, judged = evaluate(*even, threshold), evaluate(*odd, threshold)  # type: ignore[arg-type]
        lines.append(
            f"| {weight:g} | {sum(correct)} of {sum(answerable)} | {threshold:.2f} | {chosen.accuracy:.3f} "
            f"| {judged.accuracy:.3f} | {judged.right} of {judged.answerable} | {judged.wrong} "
            f"| {judged.declined} of {judged.unanswerable} |"
        )
    text = "\n".join(lines) + "\n"
    print(text)
    if arguments.out:
        arguments.out.write_text(text)


if __name__ == "__main__":
    main()
