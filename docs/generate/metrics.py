"""Reference page of the metrics: formula, direction, what is averaged, and the names of the values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from docs.generate.tables import code, table
from docs.generate.yaml_keys import Source
from ltgnn.config.parameters import located
from ltgnn.config.paths import conf_dir
from ltgnn.evaluation.metric import SECTIONS, Metric

ABOUT = {
    "metrics": ("Accuracy of the first K", "Over the users with a held-out pair, for all items and again for each item "
                "group, which counts its own held-out pairs alone, in the same lists."),
    "ranks": ("Whole ranking", "Not cut after K, so that the name has no `@K`."),
    "lists": ("Beyond accuracy", "Of the lists themselves, whatever was held out."),
    "exposure": ("Exposure of item groups", "What each group of items gets of the lists."),
}  # fmt: skip
"""Section of ``eval`` -> heading and what its values are of."""

NAMES = """
A value is called `[POLICY/GROUP/]METRIC[@K]`, in a part: `val/ndcg@20`, `test/items20/tail/recall@50`. `POLICY/GROUP`
is a group of items (`items20/head`, `mass/mid`), or of users (`activity/casual`), or one of both
(`activity/casual/items20/tail/ndcg@20`); without it, all. `users` is the number of users that a mean is over.
`balanced` is a weighted sum, declared under `eval.mixtures`. `monitor=val/METRIC@K` chooses what training is judged by;
the [files](files.md) say where the values are kept.
"""


class Listed(NamedTuple):
    """One metric of ``conf/eval``."""

    section: str
    name: str
    metric: Metric[..., object]


def page() -> str:
    lines = ["# Metrics", "", NAMES.strip(), ""]
    found = list(metrics())
    for section, (title, about) in ABOUT.items():
        rows = [
            [
                code(one.name),
                one.metric.formula.replace("``", "`"),
                direction(one.metric),
                "user" if one.metric.per_user else "all lists",
            ]
            for one in found
            if one.section == section
        ]
        lines += [
            f"## {title}",
            "",
            about,
            "",
            table(("name", "formula and source", "better", "one value per"), rows),
            "",
        ]
    lines += ["Options of a metric, such as `eval.metrics.recall.capped=true`: page [eval](options/eval.md). "
              "A metric of your own: [Contributing](../contributing.md#add-a-metric)."]  # fmt: skip
    return "\n".join(lines) + "\n"


def direction(metric: Metric[..., object]) -> str:
    return "smaller" if metric.smaller_is_better else "larger"


def metrics() -> Iterator[Listed]:
    """The metrics of ``eval=full``, in the order of the file."""
    targets = Source.of(conf_dir() / "eval" / "full.yaml").targets()
    for path, target in targets.items():
        if path and path[0] in SECTIONS:
            yield Listed(path[0], path[1], located(target))
