"""Runs to one self-contained HTML page. All text is escaped by the template engine; no address is ever asked."""

from __future__ import annotations

import base64
import hashlib
import time
from importlib.resources import files

from ltgnn.analysis import kind_formats
from ltgnn.analysis.item_groups import rule, sizes
from ltgnn.analysis.report import pictures, sections
from ltgnn.analysis.report.answer import QUESTION, answer
from ltgnn.analysis.report.gather import Runs
from ltgnn.analysis.report.kinds import kinds
from ltgnn.analysis.report.scenes import scenes
from ltgnn.runs.run import first_line

DATA_FACTS = (
    "name", "users", "items", "interactions", "pairs", "split", "sparsity", "share of the top 20 % items",
    "items without an interaction", "left out", "times", "template", "licence", "fingerprint",
)  # fmt: skip
FEATURES_FACTS = (
    "encoder", "identity.encoder.class", "identity.encoder.weights", "identity.encoder.pooling", "identity.template",
    "shape", "items", "empty", "distinct", "characters", "key",
)  # fmt: skip
MACHINE_FACTS = ("commit", "python", "packages", "machine", "cpus", "threads", "gpu")

CURVES = 8
"""Configurations in pictures with lines and in the examples: as many as distinguishable colours."""


def render(runs: Runs) -> str:
    """The page."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    here = files("ltgnn.analysis.report")
    style, script = ((here / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    loader = PackageLoader("ltgnn.analysis.report", ".")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    board = sections.leaderboard(runs)
    shown = [configuration for configuration, _ in board][:CURVES]
    trained = [c for c, _ in board if (c.first.folder / "history.csv").is_file()][:CURVES]
    policy, groups = runs.policy, sections.groups_of(runs)
    ndcg, name = f"NDCG@{runs.k}", f"ndcg@{runs.k}"
    ranked_by = (name, f"{ndcg}, all")
    head, tail = ((f"{policy}/{group}/{name}", f"{ndcg}, {group}") for group in ("head", "tail"))
    scatters = [pictures.pareto(runs, x, y) for x, y in ((ranked_by, head), (ranked_by, tail), (head, tail))]
    training = [
        pictures.training(runs, trained, f"val/{name}", f"validation {ndcg}"),
        pictures.training(runs, trained, "train/loss", "train loss"),
    ]
    axes = {axis: list(dict.fromkeys(c.options[axis] for c in runs.configurations)) for axis in runs.keys}
    return environment.get_template("page.html.j2").render(
        question=QUESTION,
        answer=answer(runs),
        made=time.strftime("%Y-%m-%d %H:%M"),
        runs=runs,
        columns=sections.columns(runs),
        board=board,
        axes={axis: words for axis, words in axes.items() if len(words) > 1},
        groups=groups,
        group_rule=rule(runs.finished, policy) if groups else "",
        group_sizes=sizes(runs.finished, policy),
        kinds=kinds(runs),
        kind_formats=kind_formats,
        warnings=sections.warnings(runs),
        left_out=[first_line(error) for error in runs.damaged],
        scatters=[plot for plot in scatters if plot],
        popularity=pictures.popularity(runs, shown, policy),
        training=[plot for plot in training if plot],
        shown=shown,
        trained=trained,
        scenes=scenes(runs, [configuration for configuration, _ in board]),
        users=sections.users(runs, shown, policy),
        data_cards=sections.cards(runs, "data_card.json", DATA_FACTS),
        features_cards=sections.cards(runs, "features_card.json", FEATURES_FACTS),
        machines=sections.cards(runs, "env.json", MACHINE_FACTS),
        every_run=list(sections.every_run(runs)),
        ndcg=ndcg,
        style=style,
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
