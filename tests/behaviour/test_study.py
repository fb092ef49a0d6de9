"""The headline study: its plan composes; finalists, results, plots and page are made from what sweeps left."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from hydra import compose, initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser

from ltgnn.config import resolvers
from ltgnn.config.paths import conf_dir

HERE = Path(__file__).parents[2] / "experiments/hybrid"
PLAN = """
common: [logger=none]
stages:
  toy-grid:
    words: ["model=ease,lightgcn", "fusion=id,sum", "score=dot,content", seed=1, split.seed=1]
  toy-final:
    finalists: [toy-grid]
    families: [closed-id, closed-text]
    words: ["seed=1,2,3", "split.seed=${seed}"]
  toy-later:
    words: [model=mf]
claims: [{base: toy-final-closed-id, new: "toy-final-closed-text:model=ease", wanted: true, say: EASE and text}]
anova: [{name: grid, stages: [toy-grid], axes: [model, fusion, score]}]
"""


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(HERE))
    for name in ("study", "page", "kept"):
        sys.modules.pop(name, None)
    import study

    module: ModuleType = study
    return module


def test_every_job_of_the_plan_composes(study: ModuleType, tmp_path: Path) -> None:
    plan = study.Study(HERE / "plan.yaml", tmp_path)
    jobs: list[tuple[str, list[str]]] = []
    resolvers.register()
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        for stage, entry in plan.stages.items():
            assert {"words", "ensemble", "finetune"} & set(entry), stage
            for source in entry.get("finalists", []):
                assert source in plan.stages
            root = "finetune" if "finetune" in entry else "train"
            recipe = plan.plan["recipes"][entry["recipe"]] if "recipe" in entry else []
            words = [*plan.plan["common"], *recipe, *entry["words"]] if "words" in entry else entry.get("finetune", [])
            (swept,) = BasicSweeper.split_arguments(OverridesParser.create().parse_overrides(words), None)
            jobs += [(root, list(job)) for job in swept]
        seen: set[tuple[str, str]] = set()
        for root, job in sorted(jobs, key=lambda found: -len(found[1])):  # every word once: composing is slow
            if fresh := {(root, word) for word in job} - seen:
                compose(root, job)
                seen |= fresh
    for entry in plan.plan.get("anova", []):
        assert set(entry["stages"]) <= set(plan.stages)


def test_page_from_the_sweeps(study: ModuleType, launch: Callable[..., int], tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(PLAN)
    (tmp_path / "out").mkdir()
    (tmp_path / "out/findings.md").write_text("## What a person says\n")
    (tmp_path / "out/answer.md").write_text("What a person answers\n")
    logs = f"paths.log_dir={tmp_path}/runs"
    grid = study.Study(tmp_path / "plan.yaml", tmp_path / "runs")
    assert grid.sweeps("toy-final") == {}
    assert launch(*grid.stages["toy-grid"]["words"], logs, "sweep.name=toy-grid", "-m") == 0
    sweeps = grid.sweeps("toy-final")
    assert set(sweeps) == {"toy-final-closed-id", "toy-final-closed-text"}
    for name, words in sweeps.items():
        assert (
            launch(
                *(w for w in words if w.startswith(("model", "fusion", "score", "seed", "split"))),
                logs,
                f"sweep.name={name}",
                "-m",
            )
            == 0
        )
    paths = ["--plan", str(tmp_path / "plan.yaml"), "--logs", str(tmp_path / "runs"), "--out", str(tmp_path / "out")]
    assert study.main(["--gather", *paths]) == 0

    rows = list(csv.DictReader((tmp_path / "out/results.csv").open()))
    assert len(rows) == 8 + 6
    folders = {p.parent for p in (tmp_path / "runs").rglob("metrics.json")}
    tested = sorted(json.loads((f / "metrics.json").read_text())["test"]["ndcg@20"] for f in folders)
    assert sorted(float(row["test_all"]) for row in rows) == tested
    best = max(
        (r for r in rows if r["stage"] == "toy-grid" and r["family"] == "closed-text"),
        key=lambda r: float(r["val_all"]),
    )
    again = [r for r in rows if r["stage"] == "toy-final" and r["family"] == "closed-text"]
    assert {r["seed"] for r in again} == {r["split_seed"] for r in again} == set("123")
    assert next(r["test_all"] for r in again if r["seed"] == "1") == best["test_all"]  # the same run, to the last digit
    summary = json.loads((tmp_path / "out/results.json").read_text())
    assert summary["claims"][0]["runs"] == [3, 3]
    assert set(summary["not_run"]) == {"toy-later"}
    assert {e["axis"] for e in summary["anova"]} >= {"model", "score", "residual"}

    page = (tmp_path / "out/README.md").read_text()
    for said in (
        "What a person says",
        "EASE and text",
        "toy-later: not run",
        "What a person answers",
        "#### toy, random",
        "tail gain at no head loss",
    ):
        assert said in page
    for name in ("claims.png", "head_tail_toy_random.png"):
        assert (tmp_path / "out" / name).stat().st_size > 5_000
        assert name in page
    before = page
    assert study.main(["--page", *paths]) == 0  # from the two result files alone
    assert (tmp_path / "out/README.md").read_text() == before


def test_a_claim_names_what_it_missed(study: ModuleType) -> None:
    from page import missed

    def claim(relative: float, head: float, tail: float) -> dict[str, object]:
        groups = {"all": {"relative": relative}, "head": {"relative_lower": head}, "tail": {"base": 0.02, "new": tail}}
        return {"wanted": True, "groups": groups}

    assert missed(claim(0.15, -0.009, 0.0361)) == "all three met"
    assert missed(claim(0.149, -0.009, 0.0361)) == "missed: all"
    assert missed(claim(0.149, -0.011, 0.0359)) == "missed: all, head, tail"
    assert missed({**claim(0.1, 0, 0), "wanted": False}) == ""


def test_a_stage_without_its_sources_says_so(study: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(PLAN)
    plan = study.Study(tmp_path / "plan.yaml", tmp_path / "runs")
    with pytest.raises(study.UserError, match="which have not run"):
        plan.run("toy-final")
    with pytest.raises(study.UserError, match="no finished run"):
        study.gather(plan, tmp_path)


def test_what_earlier_sessions_ran_stays(study: ModuleType) -> None:
    from kept import IDENTITY, with_entries, with_rows

    def line(stage: str, words: str, value: float) -> dict[str, str]:
        return dict.fromkeys(IDENTITY, "") | {"stage": stage, "words": words, "test_all": str(value)}

    old = [line("b", "lr=1", 0.1), line("gone", "", 0.5), line("a", "lr=1", 0.2), line("b", "lr=2", 0.3)]
    rows = with_rows([line("b", "lr=2", 0.4), line("c", "", 0.6)], old, ["a", "b", "c"])
    found = [(row["stage"], row["words"], row["test_all"]) for row in rows]
    assert found == [("a", "lr=1", "0.2"), ("b", "lr=1", "0.1"), ("b", "lr=2", "0.4"), ("c", "", "0.6")]

    claims = with_entries(
        [{"of": "x", "runs": 1}, {"of": "y", "runs": 5, "new": True}],
        [{"of": "x", "runs": 5}, {"of": "y", "runs": 5, "new": False}, {"of": "z", "runs": 2}],
        lambda entry: entry["of"],
        lambda entry: entry["runs"],
    )
    assert claims == [{"of": "x", "runs": 5}, {"of": "y", "runs": 5, "new": True}, {"of": "z", "runs": 2}]
