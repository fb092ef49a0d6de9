"""A finished run as a small folder to serve from: ``ltgnn export run=DIR out=DIR``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from ltgnn.config.arguments import choice, parse

USAGE = """usage: ltgnn export run=DIR out=DIR [onnx=true]

Writes the selected model of a finished run as plain files: safetensors, Parquet
tables of items, users and vectors, the recipe and a model card. Loading them
needs neither Lightning nor Hydra.

example:
  ltgnn export run=logs/train/runs/2026-11-24_model out=my-model
  ltgnn recommend run=my-model users=196 k=5

keys:
  run=DIR      a finished run
  out=DIR      a new folder
  onnx=true    the scoring head as well, score_head.onnx: users -> scores and
               items (pip install 'ltgnn[onnx]')"""


def main(argv: Sequence[str] | None = None) -> int:
    """``ltgnn export``; prints the files and their sizes."""
    found = parse(sys.argv[1:] if argv is None else argv, {"run": None, "out": None, "onnx": "false"}, USAGE)
    if found is None:
        return 0
    values, _ = found
    wants_onnx = choice(values, "onnx", ("true", "false")) == "true"
    from ltgnn.inference.finished_run import open_run
    from ltgnn.serving.export import write

    served, out = open_run(values["run"]), Path(values["out"])
    recipe = (Path(values["run"]) / "config.yaml").read_text(encoding="utf-8")
    sizes = write(served, out, recipe, onnx=wants_onnx)
    for name, size in sizes.items():
        print(f"{size:>14,}  {out / name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
