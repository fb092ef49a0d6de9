"""Which runs read which features, by their cards."""

from __future__ import annotations

import json
from pathlib import Path

from ltgnn.runs.feature_use import runs_by_mark


def write(folder: Path, key: str, word: str | None) -> None:
    folder.mkdir(parents=True)
    (folder / "status.json").write_text('{"state": "finished"}')
    (folder / "features_card.json").write_text(json.dumps({"key": key}))
    if word is not None:
        (folder / "config.yaml").write_text(f"choices: {{features: {word}}}\n")


def test_each_mark_has_its_runs(tmp_path: Path) -> None:
    write(tmp_path / "a/one", "k1", "minilm")
    write(tmp_path / "a/two", "k1", None)  # its recipe is lost, but it counts
    write(tmp_path / "b/three", "k2", "tfidf")
    (tmp_path / "b/four").mkdir()
    (tmp_path / "b/four/status.json").write_text("{}")
    (tmp_path / "b/five").mkdir()
    (tmp_path / "b/five/status.json").write_text("{}")
    (tmp_path / "b/five/features_card.json").write_text("{cut")
    found = runs_by_mark([tmp_path / "a", tmp_path / "b", tmp_path / "none"], lambda card: [card["key"]])
    assert found == {"k1": ["one (features=minilm)", "two"], "k2": ["three (features=tfidf)"]}
