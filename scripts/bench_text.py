"""Throughput of the text encoder beside sentence-transformers' ``encode``, and the time of a whole catalogue.

    pip install sentence-transformers
    LTGNN_MIRROR=DIR python scripts/bench_text.py --save

Both read the same distinct texts of amazon-beauty with the same MiniLM folder, both loaded beforehand, in turns, the
one that begins changing from round to round; the vectors of both are compared. Then ``ltgnn features build`` runs twice
in processes of their own on an empty store: the first encodes the catalogue, the second finds it. ``--save`` writes
experiments/bench/text.{json,md}.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import torch
from hydra.utils import instantiate

from ltgnn.config.composing import compose_config
from ltgnn.data.catalog import load
from ltgnn.features.encoders import HuggingFace
from ltgnn.features.template import render
from ltgnn.runs.environment import cpu_model

SAVED = Path(__file__).resolve().parents[1] / "experiments/bench/text"
OVERRIDES = ["data=amazon_beauty", "features=minilm"]
Encode = Callable[[Sequence[str]], torch.Tensor]


def contestants(encoder: HuggingFace) -> dict[str, Encode]:
    """The two, loaded, reading alike: mean over the tokens, the same maximal length."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer

    loaded = encoder.load()
    encoder.load = lambda device=None: loaded  # type: ignore[method-assign]
    body = Transformer(str(encoder.folder), max_seq_length=encoder.max_length)
    model = SentenceTransformer(modules=[body, Pooling(loaded[1].config.hidden_size)], device=encoder.device)
    return {
        "ltgnn": encoder,
        "sentence-transformers": lambda texts: model.encode(
            list(texts), convert_to_tensor=True, show_progress_bar=False
        ),
    }


def race(texts: Sequence[str], rounds: int, device: str) -> dict[str, Any]:
    """Texts per second of each round and the ratio within a round."""
    encoder = instantiate(
        compose_config("train", [*OVERRIDES, f"features.encoder.device={device}"], None).features
    ).encoder
    both = contestants(encoder)
    apart = (both["ltgnn"](texts[:256]) - both["sentence-transformers"](texts[:256]).cpu()).abs().max().item()
    rates: dict[str, list[float]] = {name: [] for name in both}
    for number in range(rounds):
        for name in sorted(both, reverse=number % 2 == 1):
            started = time.perf_counter()
            both[name](texts)
            rates[name].append(round(len(texts) / (time.perf_counter() - started), 1))
            print(f"round {number + 1}: {name} {rates[name][-1]} texts/s", flush=True)
    ratios = sorted(ours / theirs for ours, theirs in zip(*rates.values(), strict=True))
    return {
        "texts": len(texts),
        "largest difference of the vectors": apart,
        "texts per second": rates,
        "ratio": {"min": round(ratios[0], 3), "median": round(median(ratios), 3), "max": round(ratios[-1], 3)},
    }


def whole_catalogue(device: str) -> dict[str, Any]:
    """Seconds of ``ltgnn features build`` on an empty store and again, in all and for the features alone."""
    seconds: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as store:
        command = [
            sys.executable,
            "-m",
            "ltgnn.cli",
            "features",
            "build",
            *OVERRIDES,
            f"features.encoder.device={device}",
        ]
        for name in ("first", "second"):
            started = time.perf_counter()
            done = subprocess.run(
                command, env={**os.environ, "LTGNN_CACHE": store}, capture_output=True, text=True, check=True
            )
            took = time.perf_counter() - started
            features = re.search(r"item features \w+ \[([\dx]+)\]: .* in ([\d.]+) s", done.stdout + done.stderr)
            assert features is not None, done.stderr
            seconds |= {
                "shape": features.group(1),
                name: {"features": float(features.group(2)), "whole command": round(took, 2)},
            }
            print(name, seconds[name], flush=True)
    return seconds


def machine() -> str:
    """Processor, cores and, where there is one, graphics card."""
    card = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    return f"{cpu_model()}, {len(os.sched_getaffinity(0))} cores{card}"


def markdown(result: dict[str, Any]) -> str:
    pace, ratio, build = result["race"], result["race"]["ratio"], result["catalogue"]
    rounds = len(next(iter(pace["texts per second"].values())))
    rows = [
        f"| {name} | {min(rates):,.0f} | {median(rates):,.0f} | {max(rates):,.0f} |"
        for name, rates in pace["texts per second"].items()
    ]
    lines = [
        "# Text encoding: throughput and the time of a catalogue",
        "",
        f"Made by `python scripts/bench_text.py --save` on {result['machine']}, {result['threads']} threads, "
        f"{result['packages']}. all-MiniLM-L6-v2, float32, mean pooling, at most 128 tokens; texts are title and "
        "categories of amazon-beauty.",
        "",
        f"## Texts per second, {pace['texts']:,} texts, {rounds} rounds in turns",
        "",
        "| | min | median | max |",
        "|---|---|---|---|",
        *rows,
        f"| ratio within a round | {ratio['min']:.2f} | {ratio['median']:.2f} | {ratio['max']:.2f} |",
        "",
        f"The vectors of the two differ by at most {pace['largest difference of the vectors']:.1e}.",
    ]
    if build is not None:
        lines += [
            "",
            f"## The whole catalogue, {build['shape'].replace('x', ' x ')}, "
            f"`ltgnn features build {' '.join(OVERRIDES)}`",
            "",
            "| | features, s | whole command, s |",
            "|---|---|---|",
        ]
        for name in ("first", "second"):
            lines.append(f"| {name} time | {build[name]['features']:.2f} | {build[name]['whole command']:.1f} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=12, help="race over every n-th text (default: %(default)s)")
    parser.add_argument("--race-only", action="store_true", help="leave the catalogue out")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--save", action="store_true")
    given = parser.parse_args()
    catalogue = None if given.race_only else whole_catalogue(given.device)
    cfg = compose_config("train", OVERRIDES, None)
    dataset = load(**instantiate(cfg.data, _convert_="all"))
    texts = list(dict.fromkeys(render(cfg.data.template, dataset.item_fields)))[:: given.every]
    packages = ("torch", "transformers", "sentence-transformers")
    result = {
        "machine": machine(),
        "threads": torch.get_num_threads(),
        "packages": ", ".join(f"{name} {version(name)}" for name in packages),
        "race": race(texts, given.rounds, given.device),
        "catalogue": catalogue,
    }
    print(json.dumps(result, indent=1))
    if given.save:
        SAVED.parent.mkdir(parents=True, exist_ok=True)
        SAVED.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n")
        SAVED.with_suffix(".md").write_text(markdown(result))


if __name__ == "__main__":
    main()
