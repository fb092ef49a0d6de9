"""Whether two checkouts give the same numbers: runs of both, every recorded value compared to the last digit.

    python scripts/same_numbers.py OTHER [--jobs NAME ...] [--rename features=text fusion.content=text ...]

OTHER: the Python of another checkout, such as ../before/.venv/bin/python. The jobs are those of ``JOBS`` (data=ml100k),
in the words of this checkout; ``--rename`` gives a word or a value as the other calls it. Prints a Markdown table; exit
code 1 where a value differs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

SHORT = "epochs=3 min_epochs=1 eval_every=1 logger=none"
JOBS = {
    "quickstart": "sweep=quickstart logger=none",
    "ease": "experiment=ease_ml100k_split logger=none",
    "gfcf": "model=gfcf logger=none",
    "lightgcn": f"model=lightgcn loss=bpr {SHORT}",
    "sum, softmax": f"model=lightgcn features=tfidf fusion=sum loss=softmax {SHORT}",
    "gate, semantic graph": f"model=lightgcn features=tfidf fusion=gate graph=semantic {SHORT}",
    "content alone": f"model=mf features=tfidf fusion=content {SHORT}",
    "attention, align": f"model=lightgcn features=tfidf fusion=attention loss=bpr_align {SHORT}",
    "layergcn": f"model=layergcn {SHORT}",
    "noise views": f"model=lightgcn views=xsimgcl loss=bpr_infonce {SHORT}",
    "macr": f"model=lightgcn loss=macr {SHORT}",
    "sequence": f"model=sasrec split=leave_one_out {SHORT}",
    "ease and text": "model=ease_content features=tfidf logger=none",
    "adjusted": "model=ease features=tfidf score=content_fit logger=none",
}
FREE = ("seconds", "warnings")
"""Keys of metrics.json that are no result."""

SAME = {"ild_text@": "ild_features@"}
"""Values by the name that an older version gave them -> today's."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", help="the Python of the other checkout")
    parser.add_argument("--jobs", nargs="+", choices=list(JOBS), default=list(JOBS))
    parser.add_argument("--rename", nargs="+", default=[], metavar="WORD=WORD")
    given = parser.parse_args()
    renames = dict(word.split("=") for word in given.rename)
    print("| job | runs | values | equal |\n|---|---|---|---|")
    different = 0
    for name in given.jobs:
        ours = recorded(sys.executable, JOBS[name])
        theirs = recorded(given.other, in_words_of(JOBS[name], renames))
        values = sum(map(len, ours))
        unequal = [
            f"{key}: {one.get(key)} and {other.get(key)}"
            for one, other in zip(ours, theirs, strict=True)
            for key in sorted(one.keys() & other.keys())
            if one[key] != other[key]
        ]
        new = sorted({key for one, other in zip(ours, theirs, strict=True) for key in one.keys() ^ other.keys()})
        different += len(unequal)
        notes = f"; in one alone: {', '.join(new)}" if new else ""
        print(f"| {name} | {len(ours)} | {values} | {unequal[:3] if unequal else 'all'}{notes} |", flush=True)
    return int(different > 0)


def in_words_of(words: str, renames: Mapping[str, str]) -> str:
    """``features=tfidf fusion=content`` as a checkout calls it in which ``features`` is ``text``."""
    found = []
    for word in words.split():
        key, _, value = word.partition("=")
        found.append(f"{renames.get(key, key)}={renames.get(f'{key}.{value}', value)}")
    return " ".join(found)


def recorded(python: str, words: str) -> list[dict[str, Any]]:
    """The values of each run, in the order of their folders."""
    with tempfile.TemporaryDirectory() as folder:
        command = [python, "-m", "ltgnn.cli", "train", "data=ml100k", *words.split()]
        if "experiment=" in words or "sweep=" in words:
            command.remove("data=ml100k")
        answer = subprocess.run(command, cwd=folder, env=os.environ, capture_output=True, text=True, check=False)
        if answer.returncode:
            raise SystemExit(f"{' '.join(command)}\n{answer.stderr[-2000:]}")
        files = sorted(Path(folder).glob("logs/train/*/**/metrics.json"), key=order)
        return [dict(flat(json.loads(file.read_text()))) for file in files]


def todays(name: str) -> str:
    """The name of a value as this version gives it."""
    for old, new in SAME.items():
        name = name.replace(old, new)
    return name


def order(file: Path) -> str:
    """Of a sweep the number of the job, which leads the name of its folder."""
    return file.parent.name[:3] if "multiruns" in file.parts else ""


def flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted name and value of every number, text and truth below ``value``."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key not in FREE:
                yield from flat(inner, f"{name}.{todays(key)}".lstrip("."))
    elif isinstance(value, list):
        yield name, json.dumps([todays(item) if isinstance(item, str) else item for item in value])
    else:
        yield name, value


if __name__ == "__main__":
    raise SystemExit(main())
