"""The headline study: what does item text bring, to whom, at what cost, and is it the language model?

    LTGNN_MIRROR=FOLDER python experiments/hybrid/study.py              everything: run or go on, tables, plots, README
    python experiments/hybrid/study.py --stages beauty-ease --logs DIR  some stages alone, run folders below DIR
    python experiments/hybrid/study.py --page                           plots and README from the committed results

``plan.yaml`` names the stages; each is one sweep of ``ltgnn train``, so that what has finished is skipped.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from kept import earlier, with_entries, with_rows  # beside this file
from omegaconf import OmegaConf

from ltgnn.analysis.anova import anova
from ltgnn.analysis.claim_rule import claim
from ltgnn.analysis.comparison import read_finished
from ltgnn.analysis.group_difference import Difference
from ltgnn.analysis.pairing import differing
from ltgnn.analysis.run_groups import Run, RunGroup, parse
from ltgnn.config.reads_features import uses_features
from ltgnn.runs.folder import RunFolder
from ltgnn.types import UserError

HERE = Path(__file__).parent
METRIC = "ndcg@20"
VALUES = {
    "all": METRIC,
    **{g: f"items20/{g}/{METRIC}" for g in ("head", "tail")},
    **{f"mass_{g}": f"mass/{g}/{METRIC}" for g in ("head", "mid", "tail")},
    "cold": f"items20/cold/{METRIC}",
    "recall": "recall@20",
    "recall_tail": "items20/tail/recall@20",
}
AXES = ("model", "loss", "fusion", "features", "score")
FREE = (
    "runs=",
    "blend=",
    "hydra.",
    "seed=",
    "split.seed=",
    "eval=",
    "logger=",
    "paths.",
    "sweep.",
    "task=",
    "trainer.",
    "callbacks.",
)
"""Words of a run that a finalist does not take over."""


class Study:
    """Stages of a plan and the run folders they leave below ``logs``."""

    def __init__(self, plan: Path, logs: Path, workers: int = 1) -> None:
        self.plan: dict[str, Any] = OmegaConf.to_container(OmegaConf.load(plan))  # type: ignore[assignment]
        self.stages: dict[str, dict[str, Any]] = self.plan["stages"]
        self.logs, self.workers = logs, workers

    def folder(self, sweep: str) -> Path:
        return self.logs / "train" / "multiruns" / sweep

    def sweeps(self, stage: str) -> dict[str, list[str]]:
        """The sweeps of a stage: name -> words. Finalists are known when the stages before them have run; where those
        of an earlier session are gone, the finalists' own folders stand for them, without words to run them by."""
        entry = self.stages[stage]
        if "ensemble" in entry or "finetune" in entry:
            return {stage: []}
        recipe = self.plan["recipes"][entry["recipe"]] if "recipe" in entry else []
        given = [str(word).replace("LOGS", str(self.logs)) for word in (*recipe, *entry["words"])]
        if "finalists" not in entry:
            return {stage: given}
        chosen = self.chosen(entry["finalists"])
        names = {family: f"{stage}-{family}" for family in entry["families"]}
        return {
            name: [*taken_over(chosen[family]), *given] if family in chosen else []
            for family, name in names.items()
            if family in chosen or self.folder(name).is_dir()
        }

    def chosen(self, stages: Iterable[str]) -> dict[str, Run]:
        """Of each family the run with the best validation value."""
        best: dict[str, Run] = {}
        for run in self.runs(stages):
            family = family_of(run)
            if family not in best or value(run, "val", METRIC) > value(best[family], "val", METRIC):
                best[family] = run
        return best

    def runs(self, stages: Iterable[str]) -> list[Run]:
        """Finished runs of the sweeps of ``stages``."""
        return [run for stage in stages for name in self.sweeps(stage) for run in self.runs_of(name)]

    def run(self, stage: str) -> None:
        """The sweeps of a stage, side by side; a stage that rests on runs which are not there is a ``UserError``."""
        sweeps = self.sweeps(stage)
        if "ensemble" in self.stages[stage]:
            self.blend(stage)
            return
        if "finetune" in self.stages[stage]:
            self.tune(stage)
            return
        if not any(sweeps.values()):
            raise UserError(f"{stage}: its finalists come from {self.stages[stage]['finalists']}, which have not run")
        asked = [
            [*self.plan["common"], *words, f"sweep.name={name}", f"paths.log_dir={self.logs}", "-m"]
            for name, words in sweeps.items()
            if words
        ]
        share = max(1, self.workers // len(asked))  # processes that share a sweep
        self.call([["train", *words] for words in asked for _ in range(min(share, jobs(words[:-1])))])

    def call(self, commands: Sequence[Sequence[str]]) -> None:
        """``ltgnn`` commands, at most ``workers`` of them at a time."""
        with ThreadPoolExecutor(self.workers) as pool:
            programs = [[sys.executable, "-m", "ltgnn.cli", *command] for command in commands]
            list(pool.map(lambda program: subprocess.run(program, check=False, env=os.environ), programs))

    def blend(self, stage: str) -> None:
        """One ensemble for each seed that all members have."""
        entry = self.stages[stage]["ensemble"]
        members = [{run.seed: run for run in self.matching(member)} for member in entry["members"]]
        commands = []
        for seed in sorted(set.intersection(*(set(found) for found in members))):
            target = self.folder(stage) / f"seed{seed}"
            if RunFolder(target).read_json("status.json").get("state") != "finished":
                runs = [str(found[seed].folder) for found in members]
                given = [*runs, *entry["words"], f"paths.run_dir={target}", f"hydra.run.dir={target}"]
                commands.append(["ensemble", *given])
        self.call(commands)

    def tune(self, stage: str) -> None:
        """A text encoder fine-tuned, into the folder ``logs/finetune/STAGE``."""
        target = self.logs / "finetune" / stage
        if RunFolder(target).read_json("status.json").get("state") != "finished":
            given = [*self.stages[stage]["finetune"], f"paths.run_dir={target}", f"hydra.run.dir={target}"]
            self.call([["finetune", *given]])

    def matching(self, member: str) -> list[Run]:
        """The runs of a sweep, or those of them that ``SWEEP:key=word,...`` names."""
        sweep, words = parse(member)
        return [r for r in self.runs_of(sweep) if all(r.option(key) == word for key, word in words.items())]

    def runs_of(self, sweep: str) -> list[Run]:
        folder = self.folder(sweep)
        return read_finished([folder])[0] if any(folder.glob("*/metrics.json")) else []

    def missing(self, found: Mapping[str, int], before: Iterable[str] = ()) -> dict[str, str]:
        """Stages that have not run whole: what is there. ``found``: runs by stage; ``before``: stages without a run
        that an earlier session has run."""
        missing = {}
        for stage in self.stages:
            if "finetune" in self.stages[stage]:
                done = RunFolder(self.logs / "finetune" / stage).read_json("status.json").get("state") == "finished"
                missing |= {} if done or stage in before else {stage: "not run"}
                continue
            entry, done = self.stages[stage], found.get(stage, 0)
            wanted = entry.get("jobs") or jobs(entry["words"]) * len(entry.get("families", [stage]))
            if done < wanted:
                missing[stage] = f"{done} of {wanted} jobs" if done else "not run"
        return missing


def taken_over(run: Run) -> list[str]:
    """The words that made a run, without those that a finalist sets anew."""
    return [word for word in run.overrides if not word.lstrip("+").startswith(FREE)]


def jobs(words: Sequence[str]) -> int:
    """How many jobs a sweep over ``words`` has."""
    from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
    from hydra.core.override_parser.overrides_parser import OverridesParser

    return len(BasicSweeper.split_arguments(OverridesParser.create().parse_overrides(list(words)), None)[0])


def family_of(run: Run) -> str:
    """closed-id, closed-text, trained-id, trained-text, blend-id, blend-text; plain yardsticks are a family each."""
    model = run.option("model")
    if model in ("popularity", "item_knn", "content_knn", "random"):
        return model.replace("content", "text").replace("_", "-")
    kind = "closed" if "closed_form" in run.config["model"] else "trained"
    kind = "blend" if model.startswith("ensemble") else kind
    return f"{kind}-{'text' if uses_features(run.config, run.metrics) else 'id'}"


def value(run: Run, part: str, name: str) -> float:
    return float(run.metrics[part].get(name, float("nan")))


def row(stage: str, run: Run) -> dict[str, Any]:
    """One line of results.csv."""
    words = [w for w in taken_over(run) if w.split("=")[0] not in (*AXES, "data", "split")]
    numbers = {f"test_{short}": value(run, "test", name) for short, name in VALUES.items()}
    return {
        "stage": stage,
        "data": run.option("data"),
        "split": run.option("split"),
        "split_seed": run.option("split.seed"),
        "seed": run.seed,
        "family": family_of(run),
        **{axis: str(run.config["choices"].get(axis, run.option(axis))) for axis in AXES},  # of a closed form, too
        "words": " ".join(words),
        "val_all": value(run, "val", METRIC),
        **numbers,
        "fit_seconds": run.metrics["seconds"].get("fit", ""),
        "epochs": run.metrics["selection"].get("epoch", ""),
        "commit": RunFolder(run.folder).read_json("env.json").get("commit"),
    }


def claims(study: Study) -> list[dict[str, Any]]:
    """Every pair of sweeps that the plan asks about, by the rule of ``ltgnn claim``."""
    found = []
    for entry in study.plan.get("claims", []):
        runs = [study.matching(entry[side]) for side in ("base", "new")]
        if not all(runs):
            continue
        for several in runs:
            if keys := differing(several):
                raise UserError(f"{entry}: {several[0].folder.parent} holds runs that differ in {', '.join(keys[:4])}")
        base, new = shared_seeds(*(RunGroup(sorted(several, key=lambda run: run.seed)) for several in runs))
        result = claim(base, new, METRIC, "items20", margin=0.01, level=0.95, draws=10_000, seed=0)
        run = base.runs[0]
        found.append(
            {
                "say": f"{entry['new']} over {entry['base']}",
                "wanted": False,
                **entry,
                "data": run.option("data"),
                "split": run.option("split"),
                "labels": [result.base, result.new],
                "runs": list(result.seeds),
                "verdict": result.verdict,
                "reasons": result.reasons,
                "groups": {d.group: figures(d) for d in result.differences},
            }
        )
    return found


def shared_seeds(base: RunGroup, new: RunGroup) -> tuple[RunGroup, RunGroup]:
    """Both sides with the seeds that both have, where seeds are splits: a sweep that has not ended is judged so far."""
    seeds = {run.seed for run in base.runs} & {run.seed for run in new.runs}
    if not (base.many_splits or new.many_splits) or not seeds:
        return base, new
    return RunGroup([r for r in base.runs if r.seed in seeds]), RunGroup([r for r in new.runs if r.seed in seeds])


def figures(d: Difference) -> dict[str, float | None]:
    """The numbers of a claim on one group."""
    return {
        **{"base": d.base, "base_sd": d.base_sd, "new": d.new, "new_sd": d.new_sd},
        **{"difference": d.interval.estimate, "lower": d.interval.lower, "upper": d.interval.upper},
        **{"relative": d.relative.estimate, "relative_lower": d.relative.lower, "relative_upper": d.relative.upper},
        **{"p_holm": d.p_holm["bootstrap"], "users": d.users},
    }


def effects(plan: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Analysis of variance of each set of stages that the plan asks for: share of the variance by axis."""
    found = []
    for entry in plan.get("anova", []):
        there = [row for row in rows if row["stage"] in entry["stages"]]
        axes = {axis: [str(row[axis]) for row in there] for axis in entry["axes"]}
        if len(there) < 4:
            continue
        for short in ("all", "head", "tail"):
            results = anova([float(row[f"test_{short}"]) for row in there], axes, entry.get("order", 2))
            found += [
                {"name": entry["name"], "runs": len(there), "value": short, "axis": e.name, "share": e.share, "p": e.p}
                for e in results
            ]
    return found


def gather(study: Study, out: Path) -> None:
    """results.csv and results.json from the run folders; what only earlier sessions have run stays as it was found."""
    new = [row(stage, run) for stage in study.stages for run in study.runs([stage])]
    old, before = earlier(out)
    if not new:
        raise UserError(f"no finished run of the plan below {study.logs}")
    rows = with_rows(new, old, list(study.stages))
    asked = [(entry["base"], entry["new"]) for entry in study.plan.get("claims", [])]
    old_claims = [entry for entry in before.get("claims", []) if (entry["base"], entry["new"]) in asked]
    answered = with_entries(claims(study), old_claims, lambda e: (e["base"], e["new"]), lambda e: min(e["runs"]))
    summary = {
        "claims": sorted(answered, key=lambda e: asked.index((e["base"], e["new"]))),
        "anova": effects(study.plan, rows),
        "not_run": study.missing(
            Counter(line["stage"] for line in rows), set(study.stages) - set(before.get("not_run", study.stages))
        ),
    }
    out.mkdir(parents=True, exist_ok=True)
    with (out / "results.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(new[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    (out / "results.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stages", nargs="*", help="run these alone (default: all, in the order of the plan)")
    parser.add_argument("--workers", type=int, default=1, help="processes that share the jobs of a stage (default: 1)")
    parser.add_argument("--plan", type=Path, default=HERE / "plan.yaml")
    parser.add_argument("--logs", type=Path, default=Path("logs/hybrid"), help="run folders (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=HERE, help="folder of tables, plots and README")
    parser.add_argument(
        "--page", action="store_true", help="rebuild plots and README from results.csv and results.json"
    )
    parser.add_argument("--gather", action="store_true", help="rebuild the results too, without running anything")
    given = parser.parse_args(argv)
    study = Study(given.plan, given.logs.resolve(), given.workers)
    if unknown := set(given.stages or ()) - set(study.stages):
        raise UserError(f"--stages {', '.join(unknown)}: the plan has {', '.join(study.stages)}")
    if not (given.page or given.gather):
        for stage in given.stages or study.stages:
            study.run(stage)
    if not given.page:
        gather(study, given.out)
    from page import write  # beside this file

    write(given.out)
    return 0


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except UserError as mistake:
        raise SystemExit(f"study.py: {mistake}") from None
