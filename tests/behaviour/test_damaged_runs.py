"""One damaged run harms no other: a random file of one of four runs is damaged, again and again."""

from __future__ import annotations

import contextlib
import csv
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import yaml

from ltgnn.commands import claim, compare, pareto, report, table
from ltgnn.types import UserError
from tests.analysis.made import USERS, write_run

RUNS = {"a": "id", "b": "sum", "c": "gate", "d": "content"}
"""Name of the folder -> fusion."""

TIMES, PARTS = 100, 2
ITEMS = 30
KINDS = ("deleted", "emptied", "truncated", "flipped", "random", "other", "version")


def complete(folder: Path) -> None:
    """The files beside those of ``write_run``, as a finished training leaves them."""
    metrics = json.loads((folder / "metrics.json").read_text())
    sizes = {"head": 6, "tail": 20, "cold": 4}
    metrics |= {
        "val": metrics["test"],
        "seconds": {"total": 1.5},
        "groups": {"items20": {"rule": "by share of items", "sizes": sizes}},
        "cold_items": {"items": 4, "scorable": 4, "pairs": {"val": 1, "test": 1}},
        "warnings": ["the validation part is small"],
        "reads_features": folder.name in ("b", "d"),
    }
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=1))
    for name in ("data_card.json", "features_card.json", "env.json"):
        (folder / name).write_text(json.dumps({"name": name, "users": USERS, "fingerprint": "f" * 64}))
    (folder / "overrides.yaml").write_text(yaml.safe_dump(["model=lightgcn", "dim=8"]))
    with (folder / "history.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["epoch", "train/loss", "val/ndcg@20"], [1, 0.5, 0.1], [2, 0.4, 0.2]])
    pl.DataFrame(
        {
            "id": [f"i{n}" for n in range(ITEMS)],
            "title": [f"item {n}" for n in range(ITEMS)],
            "train_count": list(range(ITEMS, 0, -1)),
            "group_items20": ["head"] * 6 + ["tail"] * 20 + ["cold"] * 4,
        }
    ).write_parquet(folder / "items.parquet")
    pl.DataFrame({"user": range(USERS), "items": [[n % ITEMS, (n + 1) % ITEMS] for n in range(USERS)]}).write_parquet(
        folder / "topk.parquet"
    )
    users = [{"user": 1, "id": "u1", "size": 2, "history": [1, 2], "held_out": [3]}]
    (folder / "examples.json").write_text(json.dumps({"users": users, "order": "the latest"}))


def damage(file: Path, kind: str, chance: random.Random) -> None:
    data = bytearray(file.read_bytes())
    if kind == "deleted":
        file.unlink()
    elif kind == "emptied":
        file.write_bytes(b"")
    elif kind == "truncated":
        file.write_bytes(data[: chance.randrange(1, len(data))])
    elif kind == "flipped":
        for _ in range(chance.choice((1, 3, 30))):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        file.write_bytes(data)
    elif kind == "random":
        file.write_bytes(chance.randbytes(chance.choice((1, 50, 5000))))
    elif kind == "other":
        words = ("[]", "null", "3", '"text"', "{}", '{"test": [1]}', '{"test": {"ndcg@20": "x"}}', '{"state": 7}')
        file.write_text(chance.choice((*words, "choices: 3\n", "a,b\n1,x\n", "[" * 3000)))
    elif file.suffix == ".json":
        other = json.loads(data)
        for key in list(other):
            if chance.random() < 0.5:
                del other[key]
        file.write_text(json.dumps(other | {"schema": 99}))
    elif file.suffix == ".parquet":
        frame = pl.read_parquet(file)
        frame.select(frame.columns[: chance.randrange(1, len(frame.columns) + 1)]).head(chance.randrange(5)).cast(
            pl.String, strict=False
        ).write_parquet(file) if "topk" not in file.name else frame.head(1).write_parquet(file)
    else:
        file.write_text(file.read_text().replace("a", "b"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    for number, (name, fusion) in enumerate(RUNS.items()):
        complete(write_run(folder / name, 1, 0.1 + 0.01 * number, 0.5, fusion=fusion))
    return folder


@pytest.mark.parametrize("part", range(PARTS))
def test_the_other_runs_are_always_shown(
    whole: Path, part: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(part)
    files = sorted(file.name for file in (whole / "a").iterdir())
    for time in range(TIMES // PARTS):
        top = Path(shutil.copytree(whole, tmp_path / f"{time}"))
        name, kind, victim = files[time % len(files)], chance.choice(KINDS), top / chance.choice(list(RUNS))
        damage(victim / name, kind, chance)
        check(top, victim, f"{kind} {victim.name}/{name}", capsys, pictured=time % 5 == 0)
        shutil.rmtree(top)


def check(top: Path, victim: Path, said: str, capsys: pytest.CaptureFixture[str], pictured: bool) -> None:
    """Every command shows the others; ``pictured``: pareto as well, since drawing takes its time."""

    def shown(main: Callable[[list[str]], int], *words: object) -> str:
        try:
            main(list(map(str, words)))
        except UserError as mistake:
            pytest.fail(f"{said}: {mistake}")
        return capsys.readouterr().out

    others = [top / name for name in RUNS if name != victim.name]
    out = shown(table.main, top)
    flat = out.replace("\n", "")
    assert all(str(other) in flat for other in others), f"{said}\n{out}"
    assert str(victim) in flat, said  # in the table, or named as left out
    out = shown(compare.main, top, "--by", "fusion", "--baseline", f"fusion={RUNS[others[0].name]}")
    assert all(f" {RUNS[other.name]} " in out for other in others), f"{said}\n{out}"
    shown(claim.main, others[0], others[1], "--draws", 10)
    with contextlib.suppress(UserError):  # what is asked for is damaged: a verdict all the same, or one message
        claim.main([str(victim), str(others[0]), "--draws", "10"])
    capsys.readouterr()
    page = top / "page.html"
    shown(report.main, top, "--out", page)
    text = page.read_text(encoding="utf-8")
    assert all(str(other) in text for other in others), said
    if pictured:
        shown(pareto.main, top)
        assert (top / "pareto.png").is_file()
