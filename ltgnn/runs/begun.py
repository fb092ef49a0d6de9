"""A finished run begun again in its folder: the same recipe and data stand as they are, another recipe is refused."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig

from ltgnn.runs.difference import differences, in_words
from ltgnn.runs.folder import RunFolder, key_of, plain
from ltgnn.types import Mistake

log = logging.getLogger(__name__)

ASKED = "asked"
"""Where status.json has the key of the recipe that was asked for, if what ran has more in it (fitted weights)."""


def finished(run: RunFolder, cfg: DictConfig) -> dict[str, Any] | None:
    """The metrics of ``run`` where it has finished with this very recipe and data, so that nothing needs to run."""
    status = run.read_json("status.json")
    if status.get("state") != "finished" or status.get(ASKED, status.get("key")) != key_of(plain(cfg)):
        return None
    log.warning(
        "%s has finished with this recipe and these data: nothing is run. To run it again, give another paths.run_dir "
        "or remove the folder.", run.path,
    )  # fmt: skip
    return run.read_json("metrics.json")


def refuse_finished(run: RunFolder, config: Mapping[str, Any]) -> None:
    """``Mistake`` where the folder holds the results of a finished run, which ``config`` (resolved) would overwrite."""
    if run.read_json("status.json").get("state") != "finished":
        return
    found = differences(run, config)
    what = f"of another recipe or of other data ({in_words(found)})" if found else "of this recipe"
    raise Mistake(
        f"paths.run_dir={run.path} holds a finished run {what}. Its results are kept and nothing was run: give another "
        "paths.run_dir, or remove the folder to run there."
    )


def amend(run: RunFolder, cfg: DictConfig) -> None:
    """Record what ran where a job found a part of its recipe itself: recipe and key follow, ``asked`` says the rest."""
    from ltgnn import libyaml

    config, status = plain(cfg), run.read_json("status.json")
    run.write("config.yaml", libyaml.dump(config))
    run.write_json("status.json", status | {"key": key_of(config), ASKED: status.get(ASKED, status["key"])})
