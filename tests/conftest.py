"""Shared fixtures: a tiny shop with structure that a recommender can learn."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
from hypothesis import HealthCheck, settings

from ltgnn.io.libyaml import faster_omegaconf
from ltgnn.types import Interactions
from tests.toy import write_shop

if TYPE_CHECKING:
    from ltgnn.build import Problem
    from tests.axes import Tree

CONF = Path(__file__).parent / "conf"

settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")  # a busy machine is no finding

os.environ.setdefault("WANDB_MODE", "offline")
os.environ.setdefault("WANDB_SILENT", "true")
os.environ.setdefault("LTGNN_TRUST", "tests")  # runs of the toy shop name classes of these tests


def interactions(pairs: list[tuple[int, int]], num_users: int, num_items: int) -> Interactions:
    users, items = torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2).T
    return Interactions(users.contiguous(), items.contiguous(), num_users, num_items)


@pytest.fixture
def tiny() -> Interactions:
    """4 users, 5 items; item 4 is cold."""
    return interactions([(0, 0), (0, 1), (1, 0), (1, 2), (2, 0), (2, 3), (3, 1)], 4, 5)


def random_interactions(num_users: int, num_items: int, share: float, seed: int) -> Interactions:
    """Each pair with probability ``share``; every user has at least one item."""
    generator = torch.Generator().manual_seed(seed)
    matrix = torch.rand(num_users, num_items, generator=generator) < share
    matrix[torch.arange(num_users), torch.randint(num_items, (num_users,), generator=generator)] = True
    users, items = matrix.nonzero().T
    return Interactions(users.contiguous(), items.contiguous(), num_users, num_items)


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory; data and features are cached below it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LTGNN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("LTGNN_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture(scope="session", autouse=True)
def as_in_a_process_of_ltgnn() -> Iterator[None]:
    """Configurations are composed as the command line does it, by libyaml."""
    with faster_omegaconf():
        yield


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the toy shop."""
    return write_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def tree(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """Every word of every axis on the toy shop."""
    from tests.axes import Tree

    return Tree(shop, tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def problem(tree: Tree) -> Problem:
    """The toy shop with one cold item, for the cases of ``tree``."""
    from tests.axes import toy_setting

    return toy_setting(tree.base)


@pytest.fixture
def launch(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """``ltgnn train`` on the toy shop in this process; run folders go below ``tmp_path/logs``."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LTGNN_CACHE", str(tmp_path / "cache"))

    def run(*overrides: str) -> int:
        from ltgnn.commands.train import main

        toy = [
            "--config-dir",
            str(CONF),
            "data=toy",
            f"data.files.path={shop}",
            "features=words",
            "epochs=6",
            "min_epochs=1",
        ]
        small = ["dim=8", "num_layers=2", "batch_size=256", "eval_every=2", "lr=0.05", "logger=none"]
        return main([*toy, *small, *overrides])

    return run


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a random BERT of 2 layers, 16 dimensions and a vocabulary of letters."""
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("models") / "tiny-bert"
    folder.mkdir()
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    (folder / "vocab.txt").write_text("\n".join(words))
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(folder)
    return folder


def run_folders(root: Path) -> list[Path]:
    """Every run folder below ``root``, by name."""
    return sorted(path.parent for path in root.rglob("status.json"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests marked gpu, network or slow run where there is one, or where they are asked for (``-m slow``)."""
    asked = str(config.getoption("-m"))
    off = {"network": "asks for the network: -m network", "slow": "takes minutes: make test-slow"}
    if not torch.cuda.is_available():
        off["gpu"] = "no CUDA device"
    for item in items:
        for mark, reason in off.items():
            if mark in item.keywords and mark not in asked:
                item.add_marker(pytest.mark.skip(reason=reason))


FINISHED = {
    "gnn": ["fusion=sum", "model=lightgcn"],
    "ease": ["model=ease"],
    "hybrid": ["model=gfcf_content", "score=popularity"],
    "popular": ["model=popularity"],
    "profile": ["model=mf", "score=profile"],
    "content": ["model=mf", "score=content"],
}


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory, shop: Path) -> dict[str, Path]:
    """Folders of the runs above, by name."""
    from ltgnn.commands.train import main as train

    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("LTGNN_CACHE", str(folder / "cache"))
        toy = ["--config-dir", str(CONF), "data=toy", f"data.files.path={shop}", "features=words", "logger=none"]
        small = ["epochs=4", "min_epochs=1", "dim=8", "num_layers=2", "batch_size=256", "eval_every=2", "lr=0.05"]
        for name, words in FINISHED.items():
            assert train([*toy, *small, *words, f"hydra.run.dir={folder}/logs/{name}"]) == 0
    return {name: folder / "logs" / name for name in FINISHED}
