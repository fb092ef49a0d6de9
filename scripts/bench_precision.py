"""Throughput of the text encoder with ``dtype=auto`` beside float32, and how far the vectors are apart.

    LTGNN_MIRROR=DIR python scripts/bench_precision.py [--every 6] [--rounds 4] [--device cpu] [--save]

Both read the same distinct texts of amazon-beauty with the same MiniLM folder, in turns, the one that begins changing
from round to round. What ``auto`` is on this machine is printed: products in bfloat16 or float16 where the processor or
the card has instructions for them, else float32. ``--save`` writes experiments/bench/precision.{json,md}.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from statistics import median

import torch
from bench_text import OVERRIDES, machine
from hydra.utils import instantiate

from ltgnn.config.composing import compose_config
from ltgnn.data.catalog import load
from ltgnn.features.precision import find_device, find_precision
from ltgnn.features.template import render

SAVED = Path(__file__).resolve().parents[1] / "experiments/bench/precision"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=6, help="every n-th text (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--save", action="store_true")
    given = parser.parse_args()
    device = find_device(given.device)
    cfg = compose_config("train", OVERRIDES, None)
    dataset = load(**instantiate(cfg.data, _convert_="all"))
    texts = list(dict.fromkeys(render(cfg.data.template, dataset.item_fields)))[:: given.every]
    encoders = {}
    for dtype in ("float32", "auto"):
        words = [*OVERRIDES, f"features.encoder.dtype={dtype}", f"features.encoder.device={device}"]
        encoders[dtype] = instantiate(compose_config("train", words, None).features).encoder
    vectors = {name: encoder(texts).cpu() for name, encoder in encoders.items()}
    rates: dict[str, list[float]] = {name: [] for name in encoders}
    for number in range(given.rounds):
        for name in sorted(encoders, reverse=number % 2 == 1):
            started = time.perf_counter()
            encoders[name](texts)
            rates[name].append(round(len(texts) / (time.perf_counter() - started), 1))
            print(f"round {number + 1}: {name} {rates[name][-1]} texts/s", flush=True)
    ratios = sorted(fast / plain for plain, fast in zip(rates["float32"], rates["auto"], strict=True))
    cosines = torch.nn.functional.cosine_similarity(vectors["float32"], vectors["auto"])
    result = {
        "machine": machine(),
        "threads": torch.get_num_threads(),
        "auto": find_precision("auto", device),
        "texts": len(texts),
        "texts per second": rates,
        "ratio": {"min": round(ratios[0], 3), "median": round(median(ratios), 3), "max": round(ratios[-1], 3)},
        "cosine": {"min": round(cosines.min().item(), 6), "median": round(cosines.median().item(), 6)},
    }
    print(report(result))
    if given.save:
        SAVED.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n")
        SAVED.with_suffix(".md").write_text(report(result))


def report(result: dict[str, object]) -> str:
    """The result as Markdown."""
    rates, ratio, cosine = result["texts per second"], result["ratio"], result["cosine"]
    assert isinstance(rates, dict)
    assert isinstance(ratio, dict)
    assert isinstance(cosine, dict)
    lines = [
        "# Text encoding: shorter products",
        "",
        f"all-MiniLM-L6-v2 over {result['texts']:,} texts of amazon-beauty, float32 and `features.encoder.dtype=auto` "
        f"(here {result['auto']}) in turns in one process; {result['machine']}, {result['threads']} threads.",
        "",
        "| dtype | texts/s, each round |",
        "|---|---|",
        *(f"| {name} | {', '.join(f'{rate:,.0f}' for rate in of)} |" for name, of in rates.items()),
        "",
        f"Ratio within a round: min {ratio['min']:.2f}, median {ratio['median']:.2f}, max {ratio['max']:.2f}. Cosine "
        f"of the two vectors of a text: median {cosine['median']:.6f}, min {cosine['min']:.6f}.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
