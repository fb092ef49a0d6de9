"""Plots and README of the study, from results.csv and results.json alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from kept import results  # beside this file

HERE = Path(__file__).parent
GROUPS = ("all", "head", "tail")
COLOURS = {
    "popularity": "#bbbbbb", "item-knn": "#555555", "text-knn": "#b58900", "closed-id": "#268bd2",
    "closed-text": "#d33682", "trained-id": "#2aa198", "trained-text": "#cb4b16",
    "blend-id": "#6c71c4", "blend-text": "#000000",
}  # fmt: skip
NAMES = {"closed-id": "closed form, ids", "closed-text": "closed form + text", "trained-id": "trained, ids",
         "trained-text": "trained + text", "blend-id": "blend, ids", "blend-text": "blend + text"}  # fmt: skip
KEYS = ("model", "loss", "fusion", "features", "score", "words")
SHOWN = ("model", "score", "loss", "graph", "views", "dim")
"""Words of a run that its label says beside what tells all runs apart."""
STAGES_OF_CONTROLS = ("ease", "text", "controls", "gram", "gram-controls", "grid", "gnn-controls")
"""What the stages are called, behind the name of the data set, in which the same recipe has run with several texts."""


def write(out: Path) -> None:
    """README.md, head_tail.png and claims.png in ``out``."""
    rows = [numbers(line) for line in results(out / "results.csv")]
    summary = json.loads((out / "results.json").read_text(encoding="utf-8"))
    plots = [name for draw in (scatter, bars) for name in draw(rows, summary, out)]
    env = Environment(loader=FileSystemLoader(HERE), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    env.filters |= {"pct": percent, "num": number, "label": label, "zip": zip, "change": change, "missed": missed}
    env.filters["by_place"] = by_place
    prose = {name: out / f"{name}.md" for name in ("answer", "findings")}  # what a person says about the numbers
    said = {name: file.read_text(encoding="utf-8") if file.is_file() else "" for name, file in prose.items()}
    text = env.get_template("README.md.j2").render(
        rows=rows,
        tables=tables(rows),
        best=best(rows),
        plots=plots,
        **said,
        controls=controls(rows),
        **summary,
    )
    (out / "README.md").write_text(text, encoding="utf-8")


def numbers(line: Mapping[str, str]) -> dict[str, Any]:
    """Numbers of a line of results.csv as such; an empty one is nan."""
    measured = ("val_", "test_", "fit_", "epochs")
    return {k: (float(v or "nan") if k.startswith(measured) else v) for k, v in line.items()}


def label(row: Mapping[str, Any]) -> str:
    """A configuration in a few words."""
    closed = "closed" in row["family"] or "-" not in row["family"].replace("-knn", "")
    if row["family"].startswith("blend"):
        with_text = row["family"] == "blend-text"
        narrow = row["stage"] in ("beauty-one-id", "beauty-one-text")  # the others have the text inside EASE, too
        closed_form = "EASE + text" if narrow else "EASE with text inside"
        name = f"{closed_form} & LightGCN + text" if with_text else "EASE & LightGCN"
        name += ", tail kept" * ("-kept-" in row["stage"])
        return name if narrow else f"{name} (dim 512)"
    words = [row["model"], *([] if closed else [row["loss"], row["fusion"]])]
    text = "tuned" if row["features"] == "folder" else row["features"]  # a folder holds the encoder that `tune` wrote
    words += [f"features={text}"] if text not in ("minilm", "none") else []
    words += [row["score"]] if row["score"] != "dot" else []
    shown = (*SHOWN, "lr") if row["loss"] == "residual" else SHOWN
    kept = [w for w in row["words"].split() if w.split(".")[0].split("=")[0] in shown and ".factors=" not in w]
    return " ".join(
        [*words, *("=".join((key.rpartition(".")[2], to)) for key, _, to in (w.partition("=") for w in kept))]
    )


def tables(rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """By data set and split: every configuration once, mean and deviation over its seeds, best validation first."""
    grouped: dict[tuple[str, str], dict[tuple[str, ...], list[Mapping[str, Any]]]] = {}
    for row in rows:
        place = grouped.setdefault((row["data"], row["split"]), {}).setdefault(of_one(row), [])
        if row["seed"] not in {other["seed"] for other in place}:
            place.append(row)
    return {
        where: sorted((averaged(several) for several in configurations.values()), key=lambda row: -row["val_all"])
        for where, configurations in grouped.items()
    }


def of_one(row: Mapping[str, Any]) -> tuple[str, ...]:
    """What all seeds of a configuration share; of a blend also the stage, which says whose models it blends."""
    stage = row["stage"] if row["family"].startswith("blend") else ""
    return (*(row[k] for k in KEYS), stage)


def averaged(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One row of several that differ in the seed; ``val_all`` is that of seed 1, on whose split all were compared."""
    columns = {key: [row[key] for row in rows] for key, value in rows[0].items() if isinstance(value, float)}
    known = {key: [v for v in values if v == v] or [float("nan")] for key, values in columns.items()}
    spread = {f"sd_{key}": stdev(values) if len(values) > 1 else None for key, values in known.items()}
    shared = next((row["val_all"] for row in rows if row["seed"] == "1"), known["val_all"][0])
    means = {key: mean(values) for key, values in known.items()}
    return {**rows[0], **means, **spread, "val_all": shared, "seeds": len(rows)}


def best(rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], dict[str, dict[str, Any]]]:
    """By data set and split: the best of each family by validation, on the seed that all configurations have."""
    found: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for row in rows:
        place = found.setdefault((row["data"], row["split"]), {})
        if row["seed"] == "1" and (row["family"] not in place or row["val_all"] > place[row["family"]]["val_all"]):
            place[row["family"]] = dict(row)
    return found


def controls(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """By recipe: its runs with the text of each encoder and control, the one without text first."""
    tables = {}
    for data, l2, weights in (("beauty", "100", ("5", "20", "80")), ("games", "50", ("20", "80"))):
        of = {stage: [r for r in rows if r["stage"] == f"{data}-{stage}"] for stage in STAGES_OF_CONTROLS}
        ease = [r for r in of["ease"] if r["score"] == "dot" and word(r, "l2") == "50"]
        match = [r for r in of["text"] + of["controls"] if word(r, "history_power") == "0.5"]
        gram = [r for r in of["gram"] if r["score"] == "content_fit"] + of["gram-controls"]
        gram = [r for r in gram if word(r, "l2") == l2 and word(r, "content_weight") in weights]
        within = [max(several, key=lambda row: row["val_all"]) for several in by_text(gram)]
        narrow = [r for r in of["grid"] if (r["model"], r["loss"]) == ("lightgcn", "softmax")]
        ids, inside = ([r for r in narrow if r["fusion"] == fusion] for fusion in ("id", "sum"))
        weight = " or ".join(weights)
        inside_on_top = f"EASE with the text inside (l2 {l2}; its weight, {weight}, by validation) and on top"
        on_top = "EASE with the text match on top, its strength fitted on validation each time"
        in_gnn = "LightGCN (softmax, 64 columns) with the text inside (`fusion=sum`)"
        pairs = {inside_on_top: (ease, within), on_top: (ease, match), in_gnn: (ids, inside + of["gnn-controls"])}
        tables |= {f"amazon-{data}, {title}": pair for title, pair in pairs.items()}
    return {
        title: [{**base[0], "name": "none"}]
        + [{**r, "name": r["features"]} for r in sorted(fair, key=lambda r: -r["test_all"])]
        for title, (base, fair) in tables.items()
        if base and len(by_text(fair)) > 1
    }


def word(row: Mapping[str, Any], name: str) -> str:
    """The value of the word of a run whose key ends with ``name``."""
    words = (w.partition("=") for w in row["words"].split())
    return next((to for key, _, to in words if key.rpartition(".")[2] == name), "")


def by_text(rows: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """The rows of each text."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["features"], []).append(row)
    return list(found.values())


def percent(share: float) -> str:
    return f"{share:+.1%}".replace("%", " %")


def number(value: float | None) -> str:
    """Four digits without the zero before the point; a dash where there is none."""
    return "–" if value is None or value != value else f"{value:.4f}".replace("0.", ".", 1)


def change(values: Mapping[str, float]) -> str:
    """A relative difference and its interval."""
    low, high = (f"{100 * values[end]:+.1f}" for end in ("relative_lower", "relative_upper"))
    return f"{percent(values['relative'])} ({low} to {high})"


def missed(claim: Mapping[str, Any]) -> str:
    """Which of the three things that the study wants of text against no text a claim has not."""
    if not claim["wanted"]:
        return ""
    of_all, head, tail = (claim["groups"][group] for group in GROUPS)
    met = {
        "all": of_all["relative"] >= 0.15,
        "head": head["relative_lower"] > -0.01,
        "tail": tail["new"] >= 1.8 * tail["base"],
    }
    return (
        "all three met" if all(met.values()) else "missed: " + ", ".join(name for name, yes in met.items() if not yes)
    )


def by_place(claims: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], list[Mapping[str, Any]]]:
    """Claims by data set and split, those of several splits first."""
    places = sorted({(c["data"], c["split"]) for c in claims}, key=lambda place: (place[1] != "random", place[0]))
    return {place: [c for c in claims if (c["data"], c["split"]) == place] for place in places}


def scatter(rows: Sequence[Mapping[str, Any]], summary: Mapping[str, Any], out: Path) -> list[str]:
    """Head against tail of every configuration, one picture for each data set and split."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    names = []
    for (data, split), rows_of in tables(rows).items():
        table = [row for row in rows_of if row["test_head"] == row["test_head"]]  # nan: the test part is all cold
        if not table:
            continue
        figure, axis = plt.subplots(figsize=(8.6, 4.2), dpi=120)
        for family in dict.fromkeys(row["family"] for row in table):
            points = [row for row in table if row["family"] == family]
            top = max(points, key=lambda p: p["val_all"])
            says = f"\nringed: {label(top)}" if len(points) > 1 else f"\n{label(top)}" if family in NAMES else ""
            axis.scatter(
                [p["test_head"] for p in points], [p["test_tail"] for p in points], s=36, alpha=0.85, linewidths=0.6,
                color=COLOURS.get(family, "black"), edgecolors="white",
                label=f"{NAMES.get(family, family)}{says}",
            )  # fmt: skip
            if len(points) > 1:
                axis.scatter(top["test_head"], top["test_tail"], s=90, facecolors="none", edgecolors="black")
        axis.set(xlabel="head NDCG@20 (items20)", ylabel="tail NDCG@20 (items20)", title=f"{data}, {split} split, test")
        axis.grid(alpha=0.25)
        axis.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
        names.append(f"head_tail_{data}_{split}.png")
        figure.tight_layout()
        figure.savefig(out / names[-1], metadata={"Software": None})
        plt.close(figure)
    return names


def bars(rows: Sequence[Mapping[str, Any]], summary: Mapping[str, Any], out: Path) -> list[str]:
    """Relative difference of each claim with its interval, for all, head and tail; a row of panels for each place."""
    from matplotlib import pyplot as plt

    places = by_place(summary["claims"])
    if not places:
        return []
    sizes = [len(those) + 1.5 for those in places.values()]
    figure, grid = plt.subplots(
        len(places), 3, figsize=(10, 0.23 * sum(sizes) + 0.3), dpi=120, sharex="col", sharey="row", squeeze=False,
        gridspec_kw={"height_ratios": sizes},
    )  # fmt: skip
    for axes, ((data, split), those) in zip(grid, places.items(), strict=True):
        heights = range(len(those))[::-1]
        for axis, group in zip(axes, GROUPS, strict=True):
            values = [c["groups"][group] for c in those]
            middle = [100 * v["relative"] for v in values]
            low = [100 * (v["relative"] - v["relative_lower"]) for v in values]
            high = [100 * (v["relative_upper"] - v["relative"]) for v in values]
            axis.errorbar(
                middle, list(heights), xerr=[low, high], fmt="o", ms=4, color="#d33682", ecolor="#555555", capsize=2
            )
            axis.axvline(0, color="black", linewidth=0.8)
            axis.tick_params(labelsize=7)
            axis.grid(alpha=0.25)
        axes[0].set_yticks(list(heights), [f"{c['say']} ({min(c['runs'])})" for c in those])
        axes[0].set_ylim(-0.6, len(those) - 0.4)
        axes[0].set_title(f"{data}, {split}", fontsize=9, loc="right", fontweight="bold", x=-0.03)
    for axis, group in zip(grid[0], GROUPS, strict=True):
        axis.set_title(group, fontsize=9)
    for axis in grid[-1]:
        axis.set_xlabel("NDCG@20, % of the base", fontsize=8)
    figure.tight_layout()
    figure.savefig(out / "claims.png", metadata={"Software": None})
    plt.close(figure)
    return ["claims.png"]
