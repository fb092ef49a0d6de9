"""Load on ``ltgnn serve``: 100 requests at a time for 30 s; errors, latency, and the server's memory before and after.

    python scripts/bench_serve.py RUN [--clients 100] [--seconds 30] [--out experiments/search/serve.json]

Starts its own server. The mix: lists 60 %, searches 30 % (half of them personal), histories 10 %; users and queries
vary. A first round of the same load warms up before memory is read: allocators keep what a peak of threads took.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

WORDS = ("space", "adventure", "love", "war", "comedy", "night", "hair", "cream", "red", "dark", "animals", "music")


def resident(pid: int) -> float:
    """MiB of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def load(
    address: str, users: list[str], clients: int, seconds: float, seed: int
) -> tuple[dict[str, list[float]], Counter[str]]:
    """Latencies in seconds by kind, and the failures."""
    took: dict[str, list[float]] = {"recommend": [], "search": [], "history": []}
    failures: Counter[str] = Counter()
    until = time.perf_counter() + seconds
    limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients)

    async def client(number: int, http: httpx.AsyncClient) -> None:
        draw = random.Random(seed * 1000 + number)
        while time.perf_counter() < until:
            user, dice = draw.choice(users), draw.random()
            kind = "recommend" if dice < 0.6 else "search" if dice < 0.9 else "history"
            started = time.perf_counter()
            try:
                if kind == "search":
                    body: dict[str, Any] = {"query": " ".join(draw.sample(WORDS, 3)), "k": 10}
                    answer = await http.post("/api/search", json=body | ({"user": user} if dice < 0.75 else {}))
                else:
                    share = {"tail": draw.choice([0, 0, 0, 0.2, -0.2])} if kind == "recommend" else {}
                    answer = await http.get(f"/api/{kind}", params={"user": user, "k": 10, **share})
                if answer.status_code != 200 or not answer.json():
                    failures[f"{kind} {answer.status_code}"] += 1
            except (httpx.HTTPError, ValueError) as error:
                failures[f"{kind} {type(error).__name__}"] += 1
            took[kind].append(time.perf_counter() - started)

    async with httpx.AsyncClient(base_url=address, timeout=60, limits=limits) as http:
        await asyncio.gather(*(client(number, http) for number in range(clients)))
    return took, failures


def quantiles(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {name: round(1000 * ordered[int(share * (len(ordered) - 1))], 1)
            for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0))}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "ltgnn.cli", "serve", f"run={arguments.run}", f"port={port}"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                info = httpx.get(f"{address}/api/info", timeout=5).json()
                break
            except httpx.HTTPError:
                if server.poll() is not None:
                    raise SystemExit("the server ended") from None
                time.sleep(0.2)
        users = [row["user"] for row in httpx.get(f"{address}/api/users", params={"k": 100}).json()]
        asyncio.run(load(address, users, arguments.clients, arguments.seconds / 2, 1))
        before = resident(server.pid)
        took, failures = asyncio.run(load(address, users, arguments.clients, arguments.seconds, 2))
        after = resident(server.pid)
    finally:
        server.terminate()
        server.wait(20)
    every = [value for values in took.values() for value in values]
    report = {
        "model": info["name"],
        "clients": arguments.clients,
        "seconds": arguments.seconds,
        "requests": len(every),
        "requests a second": round(len(every) / arguments.seconds, 1),
        "errors": dict(failures),
        "milliseconds": {"all": quantiles(every)} | {kind: quantiles(v) for kind, v in took.items() if v},
        "server MiB after warming up": round(before, 1),
        "server MiB at the end": round(after, 1),
        "cpus": os.cpu_count(),
        "load average at the end, other jobs included": round(os.getloadavg()[0], 1),
    }
    text = json.dumps(report, indent=1) + "\n"
    print(text)
    if arguments.out:
        arguments.out.write_text(text)


if __name__ == "__main__":
    main()
