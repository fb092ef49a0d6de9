"""``ltgnn serve run=EXPORT``: the lists of the model, keyword search, and little in memory."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from packaging.requirements import Requirement

import ltgnn
from ltgnn.commands.export import main as export
from ltgnn.commands.serve import application, open_model
from ltgnn.serving.open_export import OpenExport, is_export

ROOT = Path(__file__).parents[2]
HEAVY = (
    "pytorch_lightning", "lightning_fabric", "torchmetrics", "transformers", "tokenizers", "wandb", "torch_geometric",
    "sklearn", "matplotlib", "rich",
)  # fmt: skip
"""Requirements of ltgnn that requirements-serve.txt leaves out, and what these bring."""

SERVED = f"""
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {HEAVY}:
            raise ImportError(f"{{name}} is blocked")
sys.meta_path.insert(0, Block())
import ltgnn.cli
import ltgnn.serving.server.connections as connections
from fastapi.testclient import TestClient
class Once:
    def __init__(self, app, bounds):
        self.client = TestClient(app, base_url="http://127.0.0.1")
    def run(self, sockets):
        answer = self.client.get("/api/recommend", params=dict(user="u1", k=3))
        print(answer.status_code, len(answer.json()["list"]))
connections.server = Once
assert ltgnn.cli.main(["serve", "run=" + sys.argv[1], "port=0", "rules=tail"]) == 0
print("loaded", [name for name in {HEAVY} if name in sys.modules])
"""


@pytest.fixture(scope="module")
def exported(runs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports") / "gnn"
    assert export([f"run={runs['gnn']}", f"out={folder}"]) == 0
    return folder


@pytest.fixture(scope="module")
def client(exported: Path) -> TestClient:
    return TestClient(application(str(exported), ["testserver"]))


def test_an_export_is_told_from_a_run(runs: dict[str, Path], exported: Path) -> None:
    assert is_export(exported)
    assert not is_export(runs["gnn"])
    assert isinstance(open_model(str(exported))[0], OpenExport)


def test_lists_are_those_of_the_export(client: TestClient, exported: Path) -> None:
    answer = client.get("/api/recommend", params={"user": "u1", "k": 5}).json()
    assert [line["item"] for line in answer["list"]] == ltgnn.load(exported).recommend(["u1"], k=5)["item"].to_list()


def test_items_are_found_by_words(client: TestClient, exported: Path) -> None:
    title = ltgnn.load(exported).catalogue.titles[3]
    found = client.post("/api/search", json={"query": title, "k": 3})
    assert found.status_code == 200, found.text
    hits = found.json()
    assert hits[0]["title"] == title
    assert set(hits[0]["by"]) == {"words"}


def test_an_explanation_refers_to_the_run(client: TestClient) -> None:
    (first,) = client.get("/api/recommend", params={"user": "u1", "k": 1}).json()["list"]
    answer = client.get("/api/explain", params={"user": "u1", "item": first["item"]})
    assert answer.status_code == 422
    assert "explain the run instead" in answer.json()["detail"]


def test_a_server_of_an_export_imports_what_its_requirements_name(exported: Path) -> None:
    """The whole command with rules, every other requirement of ltgnn blocked."""
    answer = subprocess.run(
        [sys.executable, "-c", SERVED, str(exported)], capture_output=True, text=True, check=False, timeout=300
    )
    assert answer.returncode == 0, answer.stderr
    assert "200 3" in answer.stdout
    assert answer.stdout.splitlines()[-1] == "loaded []"


def test_the_slim_requirements_are_those_of_the_package() -> None:
    """Each with the same bounds; what is left out is what the server is tested to do without."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    default = by_name(project["dependencies"])
    known = default | by_name([*extras["serve"], *extras["search"]])
    lines = (ROOT / "requirements-serve.txt").read_text(encoding="utf-8").splitlines()
    slim = by_name([line for line in lines if line and not line.startswith("#")])
    assert slim == {name: known[name] for name in slim}
    modules = {
        "pytorch-lightning": "pytorch_lightning",
        "torch-geometric": "torch_geometric",
        "scikit-learn": "sklearn",
    }
    assert {modules.get(name, name) for name in set(default) - set(slim)} <= set(HEAVY)


def by_name(lines: list[str]) -> dict[str, str]:
    """Name -> bounds."""
    return {(wanted := Requirement(line)).name: str(wanted.specifier) for line in lines}
