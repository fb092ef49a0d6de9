"""``ltgnn report``: where the page goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltgnn.commands.report import main
from ltgnn.types import UserError


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"there is no folder .*gone. Create it, or name another file"):
        main([str(tmp_path), "--out", str(tmp_path / "gone/report.html")])


def test_no_page_of_several_folders_is_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("report.html").write_text("mine")
    with pytest.raises(UserError, match=r"report.html is there already: name the report of these 2 folders"):
        main(["a", "b"])
    assert Path("report.html").read_text() == "mine"
