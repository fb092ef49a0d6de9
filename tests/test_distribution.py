"""What surrounds the code: metadata, hosted CI, releases, oldest versions, forms for contributors."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version
from trove_classifiers import classifiers

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


@pytest.fixture(scope="module")
def release() -> ModuleType:
    found = importlib.util.spec_from_file_location("release", ROOT / "scripts/release.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def requirements() -> dict[str, Requirement]:
    """Every direct requirement but those on this package."""
    lines = [*PROJECT["dependencies"], *(line for extra in PROJECT["optional-dependencies"].values() for line in extra)]
    return {wanted.name: wanted for wanted in map(Requirement, lines) if wanted.name != "ltgnn"}


def pins(name: str) -> dict[str, Version]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    pairs = [line.split(" ")[0].split("==") for line in lines if "==" in line and not line.startswith("#")]
    return {package.lower().replace("_", "-"): Version(version) for package, version in pairs}


def commands(workflow: Path) -> list[str]:
    """Every ``run:`` line of a workflow."""
    jobs = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"].values()
    return [step["run"] for job in jobs for step in job["steps"] if "run" in step]


def test_metadata_is_complete_and_known_to_the_index() -> None:
    assert set(PROJECT["classifiers"]) <= classifiers
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert [author["name"] for author in PROJECT["authors"]] == [author["name"] for author in cited["authors"]]
    assert set(cited["keywords"]) <= {word.replace("-", " ") for word in PROJECT["keywords"]}
    assert PROJECT["license"] == cited["license"]
    assert all((ROOT / name).is_file() for name in PROJECT["license-files"])
    assert all(address.startswith("https://") for address in PROJECT.get("urls", {}).values())


def test_the_extra_all_has_every_extra_for_users() -> None:
    (line,) = PROJECT["optional-dependencies"]["all"]
    assert Requirement(line).extras == set(PROJECT["optional-dependencies"]) - {"all", "dev", "docs"}


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_commands_of_the_hosted_ci_exist(workflow: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    lines = commands(workflow)
    asked = {word for line in lines for word in re.findall(r"\bmake ([a-z-]+)", line)}
    assert asked
    assert asked <= targets
    scripts = {word for line in lines for word in re.findall(r"\bscripts/\w+\.py\b", line)}
    assert all((ROOT / script).is_file() for script in scripts)


def test_the_hosted_ci_covers_the_versions_that_are_promised() -> None:
    (tests,) = [file for file in WORKFLOWS if file.stem == "tests"]
    jobs = yaml.safe_load(tests.read_text(encoding="utf-8"))["jobs"]
    promised = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    assert jobs["tests"]["strategy"]["matrix"]["python"] == promised
    assert PROJECT["requires-python"] == f">={promised[0]}"
    said = "\n".join(commands(tests))
    assert all(f"make {target}" in said for target in ("lint", "test", "test-oldest", "test-newest", "docs", "build"))


def test_the_oldest_versions_are_the_lower_bounds() -> None:
    oldest = pins("constraints-oldest.txt")
    for name, wanted in requirements().items():
        (bound,) = [Version(part.version) for part in wanted.specifier if part.operator in (">=", "==")]
        pinned = oldest.get(name)
        assert pinned is not None, f"constraints-oldest.txt lacks {name}"
        assert pinned.release[: len(bound.release)] == bound.release, f"{name}: {pinned} is pinned, {wanted} allowed"


def test_the_usual_versions_are_allowed() -> None:
    usual = pins("constraints.txt")
    for name, wanted in requirements().items():
        if name in usual:
            assert usual[name] in wanted.specifier, name


def test_one_version_everywhere(release: ModuleType) -> None:
    import ltgnn

    assert release.version() == ltgnn.__version__ == release.cited_version()
    release.check(upload=False)


def test_an_upload_needs_a_dated_section_and_addresses(
    release: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("CITATION.cff", "ltgnn/__init__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(release, "ROOT", tmp_path)
    changes, project = tmp_path / "CHANGELOG.md", tmp_path / "pyproject.toml"
    changes.write_text(f"## [Unreleased]\n\n- new\n\n## [{release.version()}]\n\n- old\n")
    with pytest.raises(SystemExit, match="no heading"):
        release.check(upload=True)
    changes.write_text(f"## [{release.version()}] - 2026-12-01\n\n- old\n")
    project.write_text('[project]\nurls = { Source = "https://example.org/x", Issues = "http://example.org/y" }\n')
    with pytest.raises(SystemExit, match="no https address of Documentation, Changelog, Issues"):
        release.check(upload=True)
    (tmp_path / "CITATION.cff").write_text("version: 9.9.9\n")
    with pytest.raises(SystemExit, match=r"CITATION.cff 9\.9\.9"):
        release.check(upload=False)


def test_notes_are_the_section_of_the_version(release: ModuleType) -> None:
    text = "# Changelog\n\nForm\n\n## [Unreleased]\n\n### Added\n\n- b\n\n## [0.1.0] - 2026-12-01\n\n- a\n"
    assert release.sections(text) == {"Unreleased": "### Added\n\n- b", "0.1.0": "- a"}
    with pytest.raises(SystemExit, match=r"no section \[9\.9\]"):
        release.notes("9.9")


def test_a_distribution_without_its_files_is_refused(release: ModuleType) -> None:
    wanted = release.in_wheel()
    assert {"ltgnn/py.typed", "ltgnn/conf/model/lightgcn.yaml", "ltgnn/paper/gfcf-gowalla.yaml"} <= wanted
    release.refuse_missing("the wheel", wanted, wanted | {"ltgnn/build.py"})
    with pytest.raises(SystemExit, match=r"the wheel lacks ltgnn/py\.typed\."):
        release.refuse_missing("the wheel", wanted, wanted - {"ltgnn/py.typed"})


@pytest.mark.parametrize("form", ["bug", "feature", "reproduction"])
def test_forms_ask_for_something(form: str) -> None:
    asked = yaml.safe_load((ROOT / f".github/ISSUE_TEMPLATE/{form}.yml").read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= set(asked)
    fields = [field for field in asked["body"] if field["type"] != "markdown"]
    assert len({field["id"] for field in fields}) == len(fields)
    assert any(field.get("validations", {}).get("required") for field in fields)


def test_make_targets_of_the_forms_exist() -> None:
    said = (ROOT / ".github/PULL_REQUEST_TEMPLATE.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`make ([a-z-]+)`", said)) <= set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
