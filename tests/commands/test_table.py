"""``ltgnn table``: names in its options, and the form of its document."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ltgnn.commands.table import kind_of, main, split_names
from ltgnn.types import UserError
from tests.analysis.made import write_run


def test_the_document_is_that_of_the_ending(tmp_path: Path) -> None:
    for seed in (1, 2):
        write_run(tmp_path / f"run{seed}", seed, 0.1, 0.5)
    out = tmp_path / "table.json"
    assert main([str(tmp_path), "--metric", "ndcg@20", "--out", str(out)]) == 0
    assert len(json.loads(out.read_text())["rows"]) == 1
    with pytest.raises(UserError, match=r"a document wanted: --format csv, md, latex or json"):
        main([str(tmp_path), "--out", str(tmp_path / "table.txt")])


def test_names_and_endings() -> None:
    assert list(split_names(["ndcg@20,mrr@20", "recall@5"])) == ["ndcg@20", "mrr@20", "recall@5"]
    assert [kind_of(Path(f"t{ending}")) for ending in (".csv", ".tex", ".md")] == ["csv", "latex", "md"]
