"""Where a search keeps its trials."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltgnn.sweeps.optuna_storage import open_storage, storage_url
from ltgnn.types import UserError


def test_places(tmp_path: Path) -> None:
    assert storage_url("sqlite", tmp_path) == f"sqlite:///{tmp_path}/study.db"
    assert storage_url("journal", tmp_path) == f"journal://{tmp_path}/study.journal"
    assert storage_url("mysql://host/x", tmp_path) == "mysql://host/x"
    with pytest.raises(UserError, match=r"hydra.sweeper.storage=file.db: wanted sqlite, journal or a URL"):
        storage_url("file.db", tmp_path)


def test_a_file_that_is_no_study(tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    (tmp_path / "study.db").write_text("no database" * 100)
    with pytest.raises(UserError, match=r"the trials of this search cannot be read"):
        open_storage(storage_url("sqlite", tmp_path))
