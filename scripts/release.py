"""A release: one version everywhere, what the distributions contain, the notes of a version.

``python scripts/release.py check``: package and CITATION.cff name the same version; ``--upload``: so does CHANGELOG.md,
and the addresses of the project are there.
``python scripts/release.py build``: wheel and source distribution in dist/, with everything that has to be inside.
``python scripts/release.py notes [VERSION]``: the section of CHANGELOG.md, for the page of the release.
"""

from __future__ import annotations

import argparse
import ast
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
INSIDE = ("ltgnn/py.typed", "ltgnn/cli.py", "ltgnn/conf/train.yaml", "ltgnn/serving/server/page.html")
"""Files of the wheel, besides all yaml of ``conf`` and ``experiments/paper``."""

FOR_UPLOAD = ("Source", "Documentation", "Changelog", "Issues")
"""Addresses that ``[project.urls]`` has to name before a release is uploaded."""


class Unreleasable(SystemExit):
    """Ends the program with what is wrong."""


def version() -> str:
    """Of the package, without importing it."""
    tree = ast.parse((ROOT / "ltgnn" / "__init__.py").read_text(encoding="utf-8"))
    found = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__version__"
    ]
    return str(found[0])


def cited_version() -> str:
    found = re.search(r"^version: *(\S+)", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    return found[1].strip("\"'") if found else "none"


def sections(text: str) -> dict[str, str]:
    """CHANGELOG.md by version (``Unreleased`` too): the text below ``## [VERSION] - DATE``."""
    parts = re.split(r"^## \[([^\]]+)\](.*)\n", text, flags=re.MULTILINE)
    return {parts[n]: parts[n + 2].strip() for n in range(1, len(parts), 3)}


def notes(wanted: str) -> str:
    found = sections((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    if wanted not in found:
        raise Unreleasable(f"CHANGELOG.md has no section [{wanted}]; it has {', '.join(found)}.")
    return found[wanted]


def check(upload: bool) -> None:
    """Exits with a message where versions differ; ``upload``: where something of a release is missing, too."""
    if (here := version()) != (cited := cited_version()):
        raise Unreleasable(f"ltgnn/__init__.py has version {here}, CITATION.cff {cited}.")
    if not upload:
        return
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    if not re.search(rf"^## \[{re.escape(here)}\] - \d{{4}}-\d\d-\d\d$", text, re.MULTILINE):
        raise Unreleasable(f"CHANGELOG.md has no heading '## [{here}] - YYYY-MM-DD'.")
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"].get("urls", {})
    if missing := [name for name in FOR_UPLOAD if not str(urls.get(name, "")).startswith("https://")]:
        raise Unreleasable(f"pyproject.toml, [project.urls]: no https address of {', '.join(missing)}.")


def build(out: Path) -> None:
    check(upload=False)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    name = f"ltgnn-{version()}"
    with zipfile.ZipFile(out / f"{name}-py3-none-any.whl") as wheel:
        refuse_missing("the wheel", in_wheel(), set(wheel.namelist()))
    with tarfile.open(out / f"{name}.tar.gz") as source:
        there = {member.name.partition("/")[2] for member in source.getmembers()}
        refuse_missing("the source distribution", {"pyproject.toml", "LICENSE", "README.md", "conf/train.yaml"}, there)
    print("\n".join(f"{file.stat().st_size:>9,} bytes  {file}" for file in sorted(out.glob(f"{name}*"))))


def in_wheel() -> set[str]:
    """Names that the wheel has to have."""
    trees = {"conf": "ltgnn/conf", "experiments/paper": "ltgnn/paper"}
    yaml = {
        f"{there}/{file.relative_to(ROOT / here).as_posix()}"
        for here, there in trees.items()
        for file in (ROOT / here).rglob("*.yaml")
    }
    return {*INSIDE, *yaml}


def refuse_missing(what: str, wanted: set[str], there: set[str]) -> None:
    if missing := sorted(wanted - there):
        raise Unreleasable(f"{what} lacks {', '.join(missing)}.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    doors = parser.add_subparsers(dest="door", required=True)
    doors.add_parser("check").add_argument("--upload", action="store_true", help="also what an upload needs")
    doors.add_parser("build").add_argument("--out", type=Path, default=ROOT / "dist")
    doors.add_parser("notes").add_argument("version", nargs="?", default=version())
    given = parser.parse_args()
    if given.door == "check":
        check(given.upload)
    elif given.door == "build":
        build(given.out)
    else:
        print(notes(given.version))


if __name__ == "__main__":
    main()
