"""A sweep folder from somebody else, gone on with: nothing outside it is emptied or written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ltgnn.sweeps.ledger import Ledger


@pytest.mark.parametrize("folder", ["..", "../home", "{home}", "link", ".", ""])
def test_entries_cannot_name_other_folders(folder: str, tmp_path: Path) -> None:
    home, sweep = tmp_path / "home", tmp_path / "sweep"
    home.mkdir()
    (home / "kept").write_text("mine")
    (tmp_path / "kept").write_text("mine")
    ledger = Ledger(sweep)
    (sweep / "link").symlink_to(home)
    entry = {"folder": folder.format(home=home), "owner": None}
    (sweep / ".sweep" / "k.json").write_text(json.dumps(entry))
    (sweep / "000_x").symlink_to(home)
    with ledger.claim("k", "000_x", 0.0) as claim:
        assert claim.state == "mine"
        assert claim.folder == sweep / "000_x"
    assert (home / "kept").is_file()
    assert (tmp_path / "kept").is_file()
    assert (sweep / ".sweep" / "k.json").is_file()


@pytest.mark.parametrize("key", ["../../evil", "/evil", "", ".", "a/b"])
def test_keys_cannot_name_other_files(key: str, tmp_path: Path) -> None:
    (tmp_path / "sweep" / "000_x").mkdir(parents=True)
    (tmp_path / "sweep" / "000_x" / "status.json").write_text(json.dumps({"state": "finished", "key": key}))
    Ledger(tmp_path / "sweep").adopt()
    assert not [file for file in tmp_path.rglob("*.json") if file.name != "status.json"]
