"""Answers out of a table of questions and answers: ``ltgnn answers FAQ.csv "QUESTION"``."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor

from ltgnn.build import build_features
from ltgnn.config.arguments import choice, number, parse
from ltgnn.config.composing import compose_config
from ltgnn.data.columns import Column, Kind
from ltgnn.data.delimited import Delimited
from ltgnn.features.card import describe
from ltgnn.features.checks import refuse_overflow, warnings
from ltgnn.inference.search.faq import THRESHOLD, Answers, best_threshold, evaluate
from ltgnn.io.pluralize import pluralize
from ltgnn.types import UserError

log = logging.getLogger(__name__)

USAGE = f"""usage: ltgnn answers FAQ.csv "QUESTION" [KEY=VALUE ...]

Finds the row of a table (columns question, answer) that answers a question, by
meaning and by keywords, or says that none is near enough.

  ltgnn answers faq.csv "when will my parcel arrive"
  ltgnn answers faq.csv "may I return it" k=1 format=json
  ltgnn answers faq.csv evaluate=questions.csv

keys:
  question=question answer=answer   the columns
  threshold={THRESHOLD}    similarity (cosine, -1 to 1) that the best row must have
  k=3               rows shown
  features=minilm   the encoder (see `ltgnn models`), features.KEY=VALUE to
                    change it
  format=table      or json
  evaluate=FILE     columns asked, question (empty: has no answer): how many are
                    answered rightly, and the threshold that is best for them
"""

DEFAULTS: dict[str, str | None] = {
    "file": None, "asked": "", "question": "question", "answer": "answer", "threshold": str(THRESHOLD), "k": "3",
    "format": "table", "evaluate": "", "config_dir": "",
}  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if argv is None else argv)
    keys = [word for word in given if "=" in word and word.partition("=")[0] in DEFAULTS]
    encoder = [word for word in given if word.startswith(("features=", "features.", "features/"))]
    plain = [word for word in given if word not in keys and word not in encoder and word not in ("-h", "--help")]
    keys += [word for word in plain if re.fullmatch(r"\w+=\S*", word)]  # a key that does not exist, which parse names
    plain = [word for word in plain if word not in keys]
    named = [f"{key}={word}" for key, word in zip(("file", "asked"), plain, strict=False)]
    if len(plain) > 2:
        raise UserError(f"{pluralize(len(plain), 'word')} given: put the question in quotes. `ltgnn answers --help`")
    parsed = parse([*named, *keys, *(["-h"] if not given or {"-h", "--help"} & set(given) else [])], DEFAULTS, USAGE)
    if parsed is None:
        return 0
    values, _ = parsed
    answers = open_answers(values, encoder or ["features=minilm"])
    if values["evaluate"]:
        return evaluate_answers(answers, Path(values["evaluate"]))
    found = answers(values["asked"], number(values, "k"))
    if choice(values, "format", ("table", "json")) == "json":
        print(
            json.dumps({"answered": bool(found), "answers": [asdict(a) for a in found]}, indent=1, ensure_ascii=False)
        )
        return 0
    if not found:
        near = "".join(f" The nearest, '{a.question}', has {a.likeness:.2f}." for a in answers.rank(values["asked"], 1))
        print(f"No answer: nothing reaches a likeness of {answers.threshold:g}.{near}")
    for answer in found:
        print(f"{answer.likeness:.2f}  {answer.question}\n      {answer.answer}")
    return 0


def open_answers(values: dict[str, str], encoder: Sequence[str]) -> Answers:
    """The table and the encoder; vectors of the table are kept in the store of features."""
    rows = table(Path(values["file"]), {"question": values["question"], "answer": values["answer"]})
    questions, answers = rows["question"], rows["answer"]
    try:
        threshold = float(values["threshold"])
    except ValueError:
        raise UserError(f"threshold={values['threshold']} given, a cosine from -1 to 1 wanted") from None
    cfg = compose_config("train", ["data.template=null", *encoder], values["config_dir"] or None)
    source = build_features(cfg).item_text
    if source is None:
        raise UserError(f"{' '.join(encoder)} has no encoder that could read a question: set features=minilm")
    known = [*questions, *answers]
    encode_query = source.encoder.queries(known)

    def encode(texts: Sequence[str]) -> Tensor:
        if list(texts) != known:
            return encode_query(texts)
        identity = {"template": "{question} | {answer}", "encoder": dict(source.encoder.identity)}
        found = source.store.get(
            identity,
            known,
            lambda: source.encoder(known),
            lambda v: describe(known, v) | source.reading(known),
        )
        for text in warnings(found.card):
            log.warning("%s: %s", values["file"], text)
        refuse_overflow(found.values, f"features of {values['file']}", ())
        return found.values

    with torch.no_grad():
        return Answers(questions, answers, encode, threshold)


def evaluate_answers(answers: Answers, file: Path) -> int:
    """How well questions with known answers are answered, and at which threshold best."""
    rows = table(file, {"asked": "asked", "question": "question"}, optional=("question",))
    replies = [answers.rank(asked, 1) for asked in rows["asked"]]
    likeness = [reply[0].likeness if reply else -1.0 for reply in replies]
    correct = [bool(r) and r[0].question == meant for r, meant in zip(replies, rows["question"], strict=True)]
    answerable = [bool(meant) for meant in rows["question"]]
    for threshold in (answers.threshold, best_threshold(likeness, correct, answerable)):
        j = evaluate(likeness, correct, answerable, threshold)
        print(
            f"threshold {threshold:.2f}: {j.right} of {j.answerable} answered correctly, "
            f"{pluralize(j.wrong, 'wrong reply', 'wrong replies')}, "
            f"{j.declined} of {j.unanswerable} without an answer declined; accuracy {j.accuracy:.3f}"
        )
    return 0


def table(file: Path, columns: dict[str, str], optional: Sequence[str] = ()) -> dict[str, list[str]]:
    """Text columns of a delimited file, by role; ``UserError`` for one that is absent or a row without a value."""
    text = Delimited(file, None, '"', options={})
    frame, _ = text.read({role: Column(name, Kind.TEXT, False) for role, name in columns.items()})
    found = {role: [text.strip() for text in frame[role].fill_null("").to_list()] for role in columns}
    for role, texts in found.items():
        if role not in optional and "" in texts:
            raise UserError(f"{file}: row {texts.index('') + 1} has nothing in the column '{columns[role]}'")
    return found


if __name__ == "__main__":
    raise SystemExit(main())
