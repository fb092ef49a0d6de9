"""``ltgnn pareto``: a picture of finished runs, or why there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltgnn.commands.pareto import main
from ltgnn.types import UserError
from tests.analysis.made import write_run


def test_the_picture_lies_in_the_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for seed, tail in ((1, 0.1), (2, 0.2)):
        write_run(tmp_path / f"run{seed}", seed, tail, 0.5 - tail)
    assert main([str(tmp_path)]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "pareto.png")
    assert (tmp_path / "pareto.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UserError, match=r"no finished run with mrr@9 and"):
        main([str(tmp_path), "-x", "mrr@9"])
