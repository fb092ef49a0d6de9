"""Pages and blocks made of committed records: results, the study, benchmarks, changelog, contributing."""

from __future__ import annotations

import re
from pathlib import Path

from docs.generate.tables import table
from ltgnn.config.paths import paper_dir
from ltgnn.reproduction import result
from ltgnn.reproduction.published_row import read_all

ROOT = Path(__file__).parents[2]
EXPERIMENTS = ROOT / "experiments"
BENCHMARKS = sorted(file.stem for file in (EXPERIMENTS / "bench").glob("*.md") if file.stem != "README")
"""Records of benchmarks."""

PICTURES = sorted(EXPERIMENTS.glob("*/*.png"))
"""Pictures of the records: in the site at ``images/FOLDER/NAME``."""


def results() -> str:
    """The page of results: published rows, then the study."""
    rows = named_rows(result.table(list(read_all(paper_dir()).values()), EXPERIMENTS / "results"))
    return f"""# Results

## Published rows

Each row is a closed recipe, run by `ltgnn reproduce NAME`: source, files by sha256 and counts, seeds, tolerance fixed
beforehand. PASS: within the tolerance; NEAR: below by at most twice the tolerance; FAIL: further below; ABOVE: better
than published, which usually means another split or a leak, and is explained below the table. How to run one:
[Reproduce a paper](how-to/reproduce-a-paper.md).

{rows}

## The study: does item text help the tail?

{study()}
"""


def named_rows(rows: str) -> str:
    """The table of published rows with the name that the command takes in place of the link to its file."""
    pairs = re.sub(r"(?<=\d) / (?=[-+.\d])", "&nbsp;/ ", rows)
    return plain_links(re.sub(r"\[([^]]+)\]\(experiments/paper/([\w-]+)\.yaml\)", r"\1 (`\2`)", pairs))


def study() -> str:
    """The answer of the study, its comparisons and pictures."""
    text = (EXPERIMENTS / "hybrid" / "README.md").read_text(encoding="utf-8")
    return included(text.partition("\n")[2], "hybrid", 1)


def quickstart() -> str:
    """NDCG@20 of the quickstart's rows, read from the answer that its tutorial shows."""
    text = (ROOT / "docs" / "tutorials" / "quickstart.md").read_text(encoding="utf-8")
    cells = r" +(not scorable|[.\d]+\*?)"
    found = re.findall(rf"^ \d+  ([\w+-]+){cells * 4} ", text, re.MULTILINE)
    return table(("configuration", "all", "head", "tail", "cold"), found)


def benchmark(name: str) -> str:
    """A record of ``experiments/bench``, its headings one level below those of the page."""
    return included((EXPERIMENTS / "bench" / f"{name}.md").read_text(encoding="utf-8"), "bench", 1)


def changelog() -> str:
    return plain_links((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))


def contributing() -> str:
    """CONTRIBUTING.md; its fences are those of Markdown."""
    text = plain_links((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    return re.sub(r"^```(\w+) (?:file|line)=(\S+)$", r'```\1 title="\2"', text, flags=re.MULTILINE)


def included(text: str, folder: str, deeper: int) -> str:
    """A record as part of a page: headings ``deeper``, pictures of the site, links to files as their paths."""
    text = re.sub(
        r"^(#+) ", lambda found: "#" * (len(found[1]) + deeper) + " ", outside_fences(text), flags=re.MULTILINE
    )
    text = re.sub(r"!\[([^]]*)\]\((?!http)([\w./-]+)\)", rf"![\1](images/{folder}/\2)", text)
    return plain_links(text.replace(MARK, "#"))


MARK = "\0"


def outside_fences(text: str) -> str:
    """``text`` with the ``#`` of fenced lines hidden behind ``MARK``."""
    parts = re.split(r"(^```.*?^```$)", text, flags=re.MULTILINE | re.DOTALL)
    return "".join(part.replace("#", MARK) if part.startswith("```") else part for part in parts)


def plain_links(text: str) -> str:
    """Links to files of the repository, which the site does not have, as text with the path."""

    def plain(found: re.Match[str]) -> str:
        words, place = found[1], found[2]
        if place.startswith(("http", "#", "images/")) or place.endswith(".png"):
            return found[0]
        return words if words.isupper() or words.strip("`") == place else f"{words} (`{place}`)"

    return re.sub(r"(?<!!)\[([^]]+)\]\(([^)\s]+)\)", plain, text)
