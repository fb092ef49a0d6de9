"""Sizes of an installation, measured in fresh environments: ``python scripts/bench_install.py [--save]``.

A wheel is built and installed with ``constraints.txt``; then each extra is added to the same environment and the growth
of site-packages is taken, in the order of ``EXTRAS``. The slim way to serve an export has an environment of its own.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXTRAS = ("demo", "search", "index", "serve", "sweep", "slurm", "lora", "static", "implicit", "onnx")
SLIM = ROOT / "requirements-serve.txt"


def megabytes(folder: Path) -> float:
    """Size of all files below, hard links once, in MB (10^6 bytes)."""
    sizes = {(s.st_dev, s.st_ino): s.st_size for file in folder.rglob("*") if (s := file.lstat()) and file.is_file()}
    return round(sum(sizes.values()) / 1e6, 1)


class Environment:
    """A fresh virtual environment without setuptools."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=True)
        self.python = folder / "bin" / "python"
        (self.site,) = folder.glob("lib/python*/site-packages")
        self.before = megabytes(self.site)

    def install(self, *words: str) -> float:
        """Seconds of ``pip install``."""
        started = time.perf_counter()
        constraints = ["-c", str(ROOT / "constraints.txt")]
        command = [str(self.python), "-m", "pip", "install", "-q", "--no-cache-dir", *constraints, *words]
        subprocess.run(command, check=True)
        return round(time.perf_counter() - started, 1)

    @property
    def size(self) -> float:
        """MB beyond the empty environment."""
        return round(megabytes(self.site) - self.before, 1)

    def largest(self, number: int = 12) -> dict[str, float]:
        """MB of the largest packages."""
        sizes = {folder.name: megabytes(folder) for folder in self.site.iterdir() if folder.is_dir()}
        return dict(sorted(sizes.items(), key=lambda pair: -pair[1])[:number])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--save", action="store_true", help="write experiments/bench/install.json")
    parser.add_argument("--extras", default=",".join(EXTRAS))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as top:
        build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", top, str(ROOT)]
        subprocess.run(build, check=True, capture_output=True)
        (wheel,) = Path(top).glob("*.whl")
        record: dict[str, object] = {
            "python": platform.python_version(),
            "machine": platform.platform(),
            "wheel_MB": round(wheel.stat().st_size / 1e6, 2),
            "command": "python scripts/bench_install.py --save",
        }
        full = Environment(Path(top) / "full")
        seconds = full.install(str(wheel))
        torch = [str(full.python), "-c", "import torch; print(torch.__version__)"]
        record["torch"] = subprocess.run(torch, check=True, capture_output=True, text=True).stdout.strip()
        record["base"] = {"MB": full.size, "seconds": seconds, "largest_MB": full.largest()}
        extras: dict[str, dict[str, float]] = {}
        for extra in filter(None, asked.extras.split(",")):
            before = full.size
            seconds = full.install(f"{wheel}[{extra}]")
            extras[extra] = {"added_MB": round(full.size - before, 1), "seconds": seconds}
        record["extras"] = extras
        record["all"] = {"MB": full.size}
        slim = Environment(Path(top) / "slim")
        seconds = slim.install("-r", str(SLIM)) + slim.install("--no-deps", str(wheel))
        record["serve_slim"] = {"MB": slim.size, "seconds": round(seconds, 1), "requirements": SLIM.name}
    print(json.dumps(record, indent=1))
    if asked.save:
        target = ROOT / "experiments" / "bench" / "install.json"
        target.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
