"""A page to look with, and its JSON API: ``ltgnn serve run=DIR``."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Sequence
from typing import Any

import torch

from ltgnn.command import number, parse
from ltgnn.explain import explainer
from ltgnn.search import Shop
from ltgnn.types import Mistake

USAGE = """usage: ltgnn serve run=DIR [KEY=VALUE ...]

One page: choose a user, see the history, the list with reasons, turn the dials, search. The JSON API is described at
/docs and /openapi.json.

  ltgnn serve run=logs/train/runs/X
  ltgnn serve run=logs/train/runs/X port=9000

keys:
  host=127.0.0.1    only this machine; another address opens it to the network, without any login
  port=8000
  threads=2         requests computed at a time
"""

DEFAULTS: dict[str, str | None] = {"run": None, "host": "127.0.0.1", "port": "8000", "threads": "2"}


def application(run: str, hosts: Sequence[str], threads: int = 2) -> Any:
    """The FastAPI application of a finished run; search is ready before the first request."""
    try:
        from ltgnn.serving.app import create
    except ImportError as error:
        raise Mistake(f"ltgnn serve needs the extra: pip install 'ltgnn[serve]' ({error})") from None
    shop = Shop(run)
    if shop.no_meaning:
        print(f"search by words alone: {shop.no_meaning}")
    try:
        by: Sequence[str] = shop.by
        shop.find("ready", 1)
    except Mistake as mistake:
        print(f"no search: {mistake}")
        return create(shop.served, None, (), hosts, threads, explainer(shop))
    return create(shop.served, shop.find, by, hosts, threads, explainer(shop))


def main(argv: Sequence[str] | None = None) -> int:
    parsed = parse(list(sys.argv[1:] if argv is None else argv), DEFAULTS, USAGE)
    if parsed is None:
        return 0
    values, _ = parsed
    port, threads, host = number(values, "port"), number(values, "threads"), values["host"]
    if port > 65535:
        raise Mistake(f"port={port} given, 1 to 65535 wanted.")
    torch.set_num_threads(1)  # requests run side by side instead
    app = application(values["run"], allowed_hosts(host), threads)

    import uvicorn

    shown = f"[{host}]" if ":" in host else host
    print(f"http://{shown}:{port}  (Ctrl-C ends it)", flush=True)
    uvicorn.run(app, host=host, port=port, log_level="warning", server_header=False, timeout_keep_alive=75)
    return 0


def allowed_hosts(host: str) -> list[str]:
    """Host headers that are answered: on this machine its own names only, so that no foreign page can ask."""
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    return ["127.0.0.1", "localhost", "[::1]", "testserver"] if local else ["*"]


if __name__ == "__main__":
    raise SystemExit(main())
