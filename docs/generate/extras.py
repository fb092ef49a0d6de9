"""The table of extras with the megabytes that each adds: from a committed record, measured by this file.

``python -m docs.generate.extras`` measures in the environment that it runs in, which needs all extras.
"""

from __future__ import annotations

import json
import platform
import re
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from docs.generate.tables import code, table

ROOT = Path(__file__).parents[2]
RECORD = Path(__file__).with_name("extras.json")

ABOUT = {
    "demo": "MiniLM in a wheel: a text encoder without a download",
    "lora": "low-rank fine-tuning: `ltgnn finetune adapt=lora`, `live=lora`",
    "static": "static word vectors: `features=static`",
    "images": "images of the items: `features=images`; the plots of ltgnn bring the same package",
    "describe": "language models in GGUF files: `features=described`, `features=causal_lm`",
    "implicit": "`model=als`",
    "rerank": "`ltgnn ensemble blend=lambdarank`",
    "onnx": "`ltgnn export onnx=true`",
    "search": "`ltgnn search`, `ltgnn answers`: words beside meaning",
    "index": "`ltgnn search index=usearch`: approximate, for large catalogues",
    "serve": "`ltgnn serve`; holds `search`",
    "sweep": "`hydra/sweeper=optuna`",
    "slurm": "`hydra/launcher=submitit`",
    "all": "all of the above",
    "docs": "this site: `make docs`",
    "dev": "what the tests need",
}
"""Extra -> what it is for."""


def block() -> str:
    """The table of extras; ``KeyError`` where an extra of pyproject.toml is not explained or not measured."""
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    if unknown := set(declared()) - (set(ABOUT) & set(record["sizes"])):
        again = "a line in docs/generate/extras.py, then python -m docs.generate.extras"
        raise KeyError(f"extras {sorted(unknown)} of pyproject.toml are new: {again}")
    rows = [["none", "training, evaluation, tables, reports", f"{record['sizes']['']:,}"]]
    rows += [
        [code(f"ltgnn[{name}]"), ABOUT[name], megabytes(record["sizes"][name])] for name in declared() if name != "dev"
    ]
    return (
        table(("extra", "what it is for", "MB on disk"), rows)
        + f"\n\nMeasured on {record['machine']}, Python {record['python']}, torch {record['torch']}: "
        "sizes of the installed files, of an extra those that it adds."
    )


def megabytes(size: int) -> str:
    return f"+ {size:,}" if size else "less than 1 more"


def declared() -> dict[str, list[str]]:
    """The extras of pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return dict(project["optional-dependencies"])


def measure() -> dict[str, object]:
    """Megabytes of ltgnn with its dependencies (key ""), and of what each extra adds to them."""
    base = closure("ltgnn", frozenset())
    sizes = {"": round(sum(map(size, base)) / 1e6)}
    for name in declared():
        sizes[name] = round(sum(map(size, closure("ltgnn", frozenset([name])) - base)) / 1e6)
    return {
        "machine": f"{platform.system()} {platform.machine()}", "python": platform.python_version(),
        "torch": distribution("torch").version, "sizes": sizes,
    }  # fmt: skip


def closure(name: str, extras: frozenset[str]) -> set[str]:
    """The distributions that a requirement brings."""
    found: set[str] = set()
    waiting, asked = [(normal(name), extras)], set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in asked:
            continue
        asked.add((name, extras))
        try:
            requires = own_requirements() if name == "ltgnn" else distribution(name).requires or []
        except PackageNotFoundError:  # of another platform
            continue
        found.add(name)
        wanted = [one for one in map(Requirement, requires) if applies(one, extras)]
        waiting += [(normal(one.name), frozenset(one.extras)) for one in wanted]
    return found


def applies(requirement: Requirement, extras: frozenset[str]) -> bool:
    """Whether a requirement is one here, with these extras."""
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in extras | {""})


def own_requirements() -> list[str]:
    """Those of pyproject.toml, with the extras as markers."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = [f"{one}; extra == '{name}'" for name, given in declared().items() for one in given]
    return [*project["dependencies"], *optional]


def size(name: str) -> int:
    """Bytes of the installed files, compiled bytecode left out."""
    found: Distribution = distribution(name)
    files = [Path(str(found.locate_file(file))) for file in found.files or [] if file.suffix != ".pyc"]
    return sum(file.stat().st_size for file in files if file.is_file())


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    RECORD.write_text(json.dumps(measure(), indent=1) + "\n", encoding="utf-8")
