"""Commands, JSON API, Python API, variables, extras, records and pictures: nothing missing, nothing out of date."""

from __future__ import annotations

import json
import re
import types
from pathlib import Path

import pytest

from docs.generate import command_line, environment, extras, json_api, pages, pictures, python_api, records
from ltgnn.cli import COMMANDS

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
