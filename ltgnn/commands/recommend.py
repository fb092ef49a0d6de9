"""Lists for users: ``ltgnn recommend run=DIR users=... k=...``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import ltgnn
from ltgnn.config.arguments import choice, number, parse
from ltgnn.config.composing import compose_rules
from ltgnn.config.search_path import option_names
from ltgnn.inference.rule_engine import RuleRanker, Rules
from ltgnn.inference.served_model import ServedModel
from ltgnn.io.pluralize import pluralize
from ltgnn.serving.list_output import save, show
from ltgnn.types import UserError

USAGE = """usage: ltgnn recommend run=DIR [users=all] [k=10] [rules=OPTION] [out=FILE]
                       [reasons=true] [index=exact]

The best items of each user with title, group and a reason. Items of the user's
train and validation pairs are left out, as in the evaluation of the test part.
Unknown users receive the most popular items, and the reason states it.

example:
  ltgnn recommend run=logs/train/runs/2026-11-24_model users=196,186 k=5
  ltgnn recommend run=my-model users=all k=50 out=lists.parquet
  ltgnn recommend run=my-model users=196 rules=tail rules.tail.share=0.4

keys:
  run=DIR       a finished run, or what ltgnn export wrote
  users=...     ids with commas between, @FILE with an id a line, or all
  k=10          length of a list
  rules=OPTION  {rules}
                (see `ltgnn models rules`), with rules.NAME.KEY=VALUE; what each
                rule changed is printed
  out=FILE      .csv, .json, .jsonl or .parquet, written block by block; without
                it, a table. In .csv, a text that a spreadsheet would run as a
                formula starts with an apostrophe
  reasons=true  false leaves them out, which is faster for millions of users
  index=exact   usearch (pip install 'ltgnn[index]') or faiss: of a GNN, items
                are proposed by an approximate index, for large catalogues; the
                share of the exact lists that is found is printed"""

SHOWN = 50  # users in a terminal
MEASURED = 1000  # users whose lists are compared with the exact ones


def main(argv: Sequence[str] | None = None) -> int:
    """``ltgnn recommend``; prints a table or writes a file."""
    known = {"run": None, "users": "all", "k": "10", "out": "", "reasons": "true", "index": "exact"}
    found = parse(
        sys.argv[1:] if argv is None else argv,
        known,
        USAGE.format(rules=", ".join(option_names("rules"))),
        prefix="rules",
    )
    if found is None:
        return 0
    values, overrides = found
    rules = Rules(compose_rules(overrides)) if overrides else None
    k, reasons = number(values, "k"), choice(values, "reasons", ("true", "false")) == "true"
    model = ltgnn.load(values["run"])
    if values["index"] != "exact":
        if rules is not None:
            raise UserError(f"index={values['index']} given with rules=, which choose among all items: index=exact.")
        model = with_index(model, values["index"], k)
    wanted = users_of(values["users"], model)
    ruled = None if rules is None else RuleRanker(rules, model, k)
    if values["out"]:
        schema = model.recommend([], k, reasons=reasons).schema
        frames = (block.frame(model, reasons) for block in model.blocks(wanted, k, ruled))
        print(f"{pluralize(save(frames, Path(values['out']), schema), 'row')} in {values['out']}")
        print_rules(ruled)
        return 0
    names = list(wanted)
    for name in names[:SHOWN]:
        frame = model.recommend([name], k, rules=ruled, reasons=reasons).drop("user")
        number_ = model.catalogue.user_numbers.get(name, -1)
        title = f"User {name}" + ("" if model.is_known(number_) else " (unknown to the model: most popular items)")
        show(frame, title)
    if len(names) > SHOWN:
        print(f"... and {pluralize(len(names) - SHOWN, 'user')} more: out=FILE writes all of them.")
    print_rules(ruled)
    return 0


def print_rules(ruled: RuleRanker | None) -> None:
    """What each rule did."""
    for name, count, what in [] if ruled is None else ruled.report():
        print(f"rule {name}: {count:,} {what}" if name != "all rules" else f"{count:,} {what}")


def with_index(model: ServedModel, kind: str, k: int) -> ServedModel:
    """The model with lists from an index; prints how much of the exact lists it finds."""
    import torch

    indexed = model.with_index(kind)
    assert indexed.approximate is not None
    users = torch.nonzero(model.split.train.user_counts)[:, 0]
    some = users[torch.randperm(len(users), generator=torch.Generator().manual_seed(0))[:MEASURED]]
    found = indexed.approximate.recall(some, model.seen, k)
    print(f"index={kind}: {found:.4f} of the exact lists of {pluralize(len(some), 'user')} are found")
    return indexed


def users_of(words: str, model: ServedModel) -> Iterable[str]:
    """The users that ``users=`` names; a file is read as it is used up."""
    if words == "all":
        return model.catalogue.user_ids
    if words.startswith("@"):
        file = Path(words[1:])
        if not file.is_file():
            raise UserError(f"users={words}: file not found; expected @FILE with one user id per line.")
        return _lines(file)
    names = [name.strip() for name in words.split(",") if name.strip()]
    if not names:
        raise UserError("users= is empty: give comma-separated ids, @FILE, or all.")
    return names


def _lines(file: Path) -> Iterator[str]:
    with file.open(encoding="utf-8-sig") as lines:
        yield from (name for line in lines if (name := line.strip()))


if __name__ == "__main__":
    raise SystemExit(main())
