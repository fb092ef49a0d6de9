"""Commands, JSON API, Python API, variables, extras, records and pictures: nothing missing, nothing out of date."""

from __future__ import annotations

import html
import json
import re
import types
from pathlib import Path

import pytest

from docs.generate import command_line, environment, extras, json_api, pages, pictures, python_api, records
from ltgnn.analysis.plots.figure import value_title
from ltgnn.cli import COMMANDS
from ltgnn.commands.plot import KINDS

ROOT = Path(__file__).parents[2]


def test_every_command_with_its_help() -> None:
    page = command_line.page()
    for name in COMMANDS:
        assert "{ #" + name + " }" in page
    for action in ("data-import", "data-fetch", "features-build", "runs-sweep-yaml"):
        assert "{ #" + action + " }" in page
    assert "--keep-untouched" in page
    assert str(ROOT) not in page
    assert str(Path.home()) not in page
    assert page.count("```text") * 2 == page.count("```")


def test_every_endpoint() -> None:
    page = json_api.page()
    for path, methods in json_api.description()["paths"].items():
        for method in methods:
            assert f"## {method.upper()} {path}" in page
    assert "/api/recommend" in page


def test_a_public_name_without_docstring_is_found() -> None:
    class Part:
        """Documented."""

        def method(self) -> None: ...

        def test_says_all(self) -> None: ...

        def _internal(self) -> None: ...

    module = types.ModuleType("module")
    Part.__module__ = "module"
    module.Part = Part  # type: ignore[attr-defined]
    with pytest.raises(python_api.Undocumented, match=r"no docstring: module\.Part\.method$"):
        python_api.refuse_undocumented_in(module)


def test_every_variable_of_the_code_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    assert environment.named() <= set(environment.OURS) | set(environment.INTERNAL)
    monkeypatch.setattr(environment, "named", lambda: {"LTGNN_NOTHING"})
    with pytest.raises(KeyError, match="LTGNN_NOTHING"):
        environment.page()


def test_every_extra_is_explained_and_measured() -> None:
    record = json.loads(extras.RECORD.read_text(encoding="utf-8"))
    assert set(extras.declared()) == set(extras.ABOUT) == set(record["sizes"]) - {""}


def test_what_an_extra_brings() -> None:
    """Its own distributions, those of the extras that it names, and nothing of others."""
    serve = extras.closure("ltgnn", frozenset(["serve"])) - extras.closure("ltgnn", frozenset())
    assert {"fastapi", "uvicorn", "bm25s", "starlette"} <= serve
    assert not {"optuna", "pytest"} & serve


def test_all_brings_what_every_extra_of_a_user_brings() -> None:
    """``gguf`` of ``describe`` too; the record of ``all`` is no less than that of any of them."""
    whole = extras.closure("ltgnn", frozenset(["all"]))
    sizes = json.loads(extras.RECORD.read_text(encoding="utf-8"))["sizes"]
    for name in set(extras.declared()) - {"docs", "dev"}:
        assert extras.closure("ltgnn", frozenset([name])) <= whole, name
        assert sizes[name] <= sizes["all"], name
    assert {"gguf", "pillow"} <= whole


def test_pictures_are_of_the_records(tmp_path: Path) -> None:
    """The numbers in the pictures are those of the study's results today, five splits each."""
    claims = pictures.comparisons()
    assert [claim["runs"] for claim in claims] == [[5, 5]] * len(claims)
    text = (pictures.IMAGES / "study.svg").read_text(encoding="utf-8")
    assert f"<dc:description>{pictures.description(claims)}</dc:description>" in text
    for claim in claims:
        for group in ("head", "tail"):
            for key in ("base", "new"):
                assert f">{pictures.short(claim['groups'][group][key])}<" in text


def test_the_picture_of_the_config_groups_names_what_there_is() -> None:
    text = (pictures.IMAGES / "axes.svg").read_text(encoding="utf-8")
    for group in pictures.AXES:
        assert group in pages.GROUPS
        assert f">{group}=<" in text


def test_records_keep_their_words() -> None:
    """Headings deeper, fences as they are, links to files as paths."""
    text = "# A\n\n```bash\n# no heading\n```\n\n![p](x.png) [plan](plan.yaml) [site](https://x.y) [`a/b`](a/b)\n"
    assert records.included(text, "hybrid", 1) == (
        "## A\n\n```bash\n# no heading\n```\n\n![p](images/hybrid/x.png) plan (`plan.yaml`) [site](https://x.y) `a/b`\n"
    )


def test_every_record_of_the_benchmarks_is_on_the_page() -> None:
    page = (ROOT / "docs/benchmarks.md").read_text(encoding="utf-8")
    recorded = {file.stem for file in (ROOT / "experiments/bench").glob("*.md")} - {"README"}
    assert set(re.findall(r"generated: bench-([\w-]+)", page)) == recorded


def test_the_quickstart_on_the_home_page_is_that_of_its_tutorial() -> None:
    lines = records.quickstart().splitlines()
    assert len(lines) == 2 + 8
    shown = (ROOT / "docs/tutorials/quickstart.md").read_text(encoding="utf-8")
    for line in lines[2:]:
        for cell in line.strip("| ").split(" | "):
            assert cell in shown
    assert "| lightgcn-init | .3094 | .3540 | .0398 | .0352* |" in lines


def test_the_pictures_of_plots_are_of_their_record() -> None:
    """All kinds are on the page; their names and numbers are those of the table that was written from the same runs."""
    page = (ROOT / "docs/how-to/plots.md").read_text(encoding="utf-8")
    folder = ROOT / "docs/images/plots"
    assert {file.stem for file in folder.glob("*.svg")} == set(KINDS)
    for kind in KINDS:
        assert re.search(rf"!\[[^]]{{30,}}\]\(\.\./images/plots/{kind}\.svg\)", page), kind
    bars = texts(folder / "head-tail.svg")
    for row in json.loads((folder / "table.json").read_text(encoding="utf-8"))["rows"]:
        for group in ("head", "tail"):
            assert f"{row[f'items20/{group}/ndcg@20']:.4f}".lstrip("0") in bars
            assert value_title(f"items20/{group}/ndcg@20") in bars
        for kind in ("head-tail", "pareto", "popularity"):
            assert wrapped_in(row["label"], " ".join(texts(folder / f"{kind}.svg"))), (kind, row["label"])


def texts(file: Path) -> list[str]:
    """The words of a picture, in order."""
    return [
        html.unescape(found) for found in re.findall(r"<text[^>]*>([^<]+)</text>", file.read_text(encoding="utf-8"))
    ]


def wrapped_in(label: str, text: str) -> bool:
    return label in " ".join(text.split())
