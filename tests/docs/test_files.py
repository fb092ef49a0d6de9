"""The reference of files against what small jobs leave: the same files, columns, dtypes and keys."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from docs.generate.file_reference import declared, page
from tests.conftest import CONF, run_folders

FILES: Mapping[str, Any] = declared()
USERS = r"activity/(?:active|middle|casual|cold)/"
GROUP = rf"(?:{USERS}|(?:{USERS})?(?:items20|mass)/(?:(?:head|mid|tail|cold)/)?)"
WORDS = {
    "[GROUP/]METRIC[@K]": rf"(?:{GROUP})?[a-z][a-z_0-9]*(?:@\d+)?",
    "train/TERM": r"train/\w+",
    "val/VALUE": r"val/.+",
    "group_POLICY": r"group_\w+",
    "field.NAME": r"field\.\w+",
    "number.NAME": r"number\.\w+",
    "FIELD": r"(?:title|year)",
    "NUMBER": r"price",
    "KEY": r"[0-9a-f]{64}",
}
"""What stands for a word of the reference in a name."""


def pattern(name: str) -> str:
    name = name.removesuffix("?")
    if name in WORDS:
        return WORDS[name]
    return re.escape(name).replace("KEY", WORDS["KEY"])


@pytest.fixture
def folders(shop: Path, tmp_path: Path) -> dict[str, Path]:
    """A run with W&B offline in a sweep of two, its export, and imported data."""
    from ltgnn.commands.data import main as data
    from ltgnn.commands.export import main as export
    from ltgnn.commands.train import main as train

    root = tmp_path
    table = root / "events.csv"
    rows = [
        f"u{user},i{(user * 3 + step) % 12},{1.5e9 + step * 86400:.0f},2" for user in range(20) for step in range(6)
    ]
    table.write_text("\n".join(["user,item,time,weight", *rows]) + "\n")
    items = root / "items.csv"
    items.write_text("\n".join(["item,title,price", *(f"i{item},thing {item},{item}.5" for item in range(12))]) + "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("LTGNN_CACHE", str(root / "cache"))
        toy = ["--config-dir", str(CONF), "data=toy", f"data.files.path={shop}", "features=words"]
        toy += ["dim=8", "num_layers=1"]
        short = ["epochs=2", "eval_every=1", "min_epochs=1", "trainer=cpu", "logger.mode=offline", "sweep.name=two"]
        assert train([*toy, *short, "fusion=id,sum", "-m"]) == 0
        sweep = root / "logs/train/multiruns/two"
        run = run_folders(sweep)[1]
        assert export([f"run={run}", f"out={root / 'export'}"]) == 0
        named = ["--user", "user", "--item", "item", "--time", "time", "--items", str(items), "--field", "title=title"]
        assert data(["import", str(table), *named, "--number", "price=price", "--out", str(root / "processed")]) == 0
    return {"run folder": run, "sweep folder": sweep, "export": root / "export", "processed data": root / "processed"}


def expected(kind: str) -> dict[str, Any]:
    """The files that these jobs leave."""
    absent = ("unfinished", "failed", "profile=true", "the data have vectors", "a closed form of one such table")
    return {name: file for name, file in FILES[kind]["files"].items() if file.get("when") not in absent}


def test_files_columns_and_keys(folders: dict[str, Path]) -> None:
    """One test, since it takes two jobs."""
    for kind in FILES:
        same_files(folders[kind], kind)
        same_columns_and_keys(folders[kind], kind)


def same_files(root: Path, kind: str) -> None:
    jobs = {folder.name for folder in run_folders(root)} if kind == "sweep folder" else set()
    found = {
        path.relative_to(root).as_posix() for path in root.rglob("*")
        if path.is_file() and not {"wandb", *jobs} & set(path.relative_to(root).parts[:1])
    }  # fmt: skip
    if (root / "wandb").is_dir():
        found.add("wandb/")
    wanted = {name: pattern(name) for name in expected(kind)}
    assert not [name for name, form in wanted.items() if not any(re.fullmatch(form, one) for one in found)]
    assert not [one for one in found if not any(re.fullmatch(form, one) for form in wanted.values())]


def same_columns_and_keys(root: Path, kind: str) -> None:
    for name, file in expected(kind).items():
        file = {**FILES[kind]["files"].get(file.get("same", ""), {}), **file}
        for path in root.rglob(Path(name).name) if "KEY" not in name else root.glob(".sweep/*.json"):
            if len(path.stem) != 64 and "KEY" in name:
                continue
            if "columns" in file:
                schema = pl.read_parquet_schema(path) if path.suffix == ".parquet" else pl.read_csv(path).schema
                same(path, list(schema), file["columns"])
                if path.suffix == ".parquet":
                    dtypes(path, schema, file["columns"])
            if "keys" in file:
                same(path, list(json.loads(path.read_text(encoding="utf-8"))), file["keys"])


def same(path: Path, found: Sequence[str], wanted: Mapping[str, str]) -> None:
    """Nothing missing but what is optional, nothing that is not declared."""
    missing = [
        name for name in wanted if name[-1] != "?" and not any(re.fullmatch(pattern(name), one) for one in found)
    ]
    more = [one for one in found if not any(re.fullmatch(pattern(name), one) for name in wanted)]
    assert not missing, f"{path} has no {missing}"
    assert not more, f"{path}: {more[:5]} not in the reference"


def dtypes(path: Path, schema: Mapping[str, Any], wanted: Mapping[str, str]) -> None:
    for column, dtype in schema.items():
        name = next(name for name in wanted if re.fullmatch(pattern(name), column))
        said = wanted[name].partition(":")[0]
        kind = re.sub(r"shape=\(?(\d+),?\)?", r"\1", str(dtype)).replace("Categorical()", "Categorical")
        assert re.fullmatch(re.escape(said).replace("K", r"\d+").replace("d\\)", r"\d+\)"), kind), (
            f"{path}, {column}: {dtype}, {said}"
        )


def test_files_of_a_failed_run(launch: Callable[..., int], tmp_path: Path) -> None:
    """A traceback, and beside it the status with the keys that the reference names."""
    run = tmp_path / "run"
    assert launch(f"data.files.path={tmp_path / 'nothing'}", f"paths.run_dir={run}") == 1
    assert (run / "error.txt").is_file()
    status = json.loads((run / "status.json").read_text(encoding="utf-8"))
    assert {"error", "traceback"} <= set(status)
    same(run / "status.json", list(status), FILES["run folder"]["files"]["status.json"]["keys"])


def test_the_page_has_them_all() -> None:
    text = page()
    for kind, folder in FILES.items():
        for name, file in folder["files"].items():
            assert f"| `{name}` |" in text
            for entry in {**file.get("columns", {}), **file.get("keys", {})}:
                assert f"| `{entry}` |" in text, (kind, name, entry)
