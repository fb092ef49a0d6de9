"""What is included, as the table of README.md: options of the config groups and metrics, each with its source.

    python scripts/included.py            rewrites the table between its two marks
    python scripts/included.py --print    only prints it

All of it is read from the yaml files and from docstrings, without importing a model.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from ltgnn.commands.models import Option, docstring, options
from ltgnn.config.paths import conf_dir, write_whole

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- included: begin -->", "<!-- included: end -->"

GROUPS = {"Models": "model", "Losses": "loss", "Fusions of ids and features": "fusion", "Item features": "features"}
BASES = ("base",)
"""Files of conf/features that others extend: not a choice of their own."""

DATED = re.compile(r"([A-Z][A-Za-z.]*(?: [A-Z][a-z]+)*(?: companion| et al\.)?,? (?:19|20)\d\d)")
"""Venue or author with a year."""


def cite(name: str, source: str, link: str = "") -> str:
    """The name of an option, its venue and year; a link to the paper where it is on arXiv, or ``link``."""
    arxiv = re.search(r"arXiv:(\d{4}\.\d{4,5})", source)
    where = f"https://arxiv.org/abs/{arxiv.group(1)}" if arxiv else link
    dated = ", ".join(dict.fromkeys(DATED.findall(" ".join(source.split()))))
    named = f"[`{name}`]({where})" if where else f"`{name}`"
    return f"{named} ({dated})" if dated else named


def hub(option: Option) -> str:
    """The page of an encoder on the Hugging Face hub; empty where the option names none."""
    recipe = yaml.safe_load((conf_dir() / f"{option.group}/{option.option}.yaml").read_text(encoding="utf-8"))
    model = (recipe.get("encoder") or {}).get("model") or ""
    named = [
        word for word in ([model] if isinstance(model, str) else model) if re.fullmatch(r"[\w.-]+(/[\w.-]+)?", word)
    ]
    return f"https://huggingface.co/{named[-1]}" if named else ""


def of_group(group: str) -> list[str]:
    """Every option of a config group that can be chosen."""
    found = [option for option in options(group) if option.group == group and option.option not in BASES]
    return [cite(option.option, option.source, hub(option) if group == "features" else "") for option in found]


def data_sets() -> tuple[list[str], list[str]]:
    """Data sets that are obtained by name, with the site or repository they come from; readers of one's own files."""
    known, own = [], []
    for file in sorted((conf_dir() / "data").glob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        address = re.search(r"https://(?:github\.com/[\w.-]+/[\w.-]+|[^\s\"',)$]+)", text)
        readers_own = "_target_: ltgnn.data.fetch.Folder" in text
        (own if readers_own else known).append(cite(file.stem, "", address.group() if address else ""))
    return known, own


def metrics() -> Iterator[str]:
    """Every metric of eval=full, with the source that its docstring names."""
    recipe = yaml.safe_load((conf_dir() / "eval/full.yaml").read_text(encoding="utf-8"))
    names: dict[str, str] = {}
    for section in ("metrics", "ranks", "lists", "exposure"):
        for name, node in recipe[section].items():
            names.setdefault(name, docstring(node["_target_"]))
    for name, text in names.items():
        found = re.search(r"\(([^()]*\b(?:19|20)\d\d\b[^()]*)\)", text)
        yield cite(name, found.group(1) if found else "")


def table() -> str:
    """The table in Markdown."""
    known, own = data_sets()
    rows = {title: of_group(group) for title, group in GROUPS.items()}
    rows |= {"Data sets": known, "Readers of your files": own, "Metrics, for all and by group": list(metrics())}
    lines = [f"| **{title}** ({len(cells)}) | {', '.join(cells)} |" for title, cells in rows.items()]
    return "\n".join(["| | |", "|---|---|", *lines])


def put(text: str, made: str) -> str:
    """``text`` with ``made`` between the two marks."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n{made}\n{END}{rest.partition(END)[2]}"


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--print", action="store_true", help="print the table, write nothing")
    if parser.parse_args(argv).print:
        print(table())
    else:
        write_whole(README, put(README.read_text(encoding="utf-8"), table()))


if __name__ == "__main__":
    main()
