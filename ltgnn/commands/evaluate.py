"""PartEvaluator again without retraining: ``ltgnn evaluate run=DIR`` or ``ltgnn evaluate lists=FILE.csv``."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from ltgnn.analysis.table import show
from ltgnn.config.hydra_entry import hydra_entry
from ltgnn.config.sweep_cache import NO_CACHE, Cache
from ltgnn.experiment.evaluation_job import evaluate_job
from ltgnn.experiment.reevaluation import write_recipe
from ltgnn.io.terminal import printable_lines
from ltgnn.types import UserError


def task(cfg: DictConfig, cache: Cache = NO_CACHE) -> float | None:
    """What Hydra calls for each job."""
    value = evaluate_job(cfg, cache)
    if HydraConfig.get().mode != RunMode.MULTIRUN:
        show([Path(cfg.paths.run_dir)])
    return value


def without_quotes(text: str) -> str:
    """A value of the command line as Hydra reads it where it is in quotes."""
    if text[:1] not in "'\"" or not text:
        return text
    from hydra.core.override_parser.overrides_parser import OverridesParser

    return str(OverridesParser.create().parse_override(f"run={text}").value())


run_evaluate = hydra_entry("evaluate", task)


def main(argv: Sequence[str] | None = None) -> int:
    """``ltgnn evaluate``; with ``-m`` and values such as ``score.norm_power=0,0.5,1`` the curve is drawn, too."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    run = next((without_quotes(text.partition("=")[2]) for text in arguments if text.startswith("run=")), None)
    if run is None:
        return run_evaluate(arguments)
    with tempfile.TemporaryDirectory(prefix="ltgnn-evaluate-") as folder:
        try:
            write_recipe(Path(run), Path(folder))
        except UserError as mistake:
            if os.environ.get("HYDRA_FULL_ERROR") == "1":
                raise
            print(printable_lines(f"ltgnn: {mistake}"), file=sys.stderr)
            return 1
        return run_evaluate(arguments, tree=Path(folder))


if __name__ == "__main__":
    raise SystemExit(main())
