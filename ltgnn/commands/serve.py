"""Web demo and JSON API: ``ltgnn serve run=DIR``."""

from __future__ import annotations

import ipaddress
import os
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import torch

from ltgnn.config.arguments import number, parse
from ltgnn.config.composing import compose_rules
from ltgnn.inference.rule_engine import Rules
from ltgnn.serving.open_export import OpenExport, is_export
from ltgnn.types import UserError

if TYPE_CHECKING:
    from ltgnn.inference.explanation.explainer import Explainer
    from ltgnn.inference.open_run import OpenRun

USAGE = """usage: ltgnn serve run=DIR [KEY=VALUE ...]

One page: choose a user, see the history and the list with reasons, adjust the
share of tail items, search. The JSON API is described at /docs and
/openapi.json; /health reports that the server is up.

  ltgnn serve run=logs/train/runs/X
  ltgnn serve run=my-model
  ltgnn serve run=logs/train/runs/X port=9000 rules=tail rules.tail.share=0.4
  LTGNN_TOKEN=SECRET ltgnn serve run=logs/train/runs/X host=0.0.0.0

keys:
  run=DIR           a finished run, or what ltgnn export wrote: less memory, a
                    quick start, search by words only
  host=127.0.0.1    only this machine; another address opens it to the network,
                    and then needs a token
  port=8000         0: any free one
  token=SECRET      what each request has to bring (Authorization: Bearer
                    SECRET; in a browser /?token=SECRET once); the environment
                    variable LTGNN_TOKEN does the same and is in no list of
                    processes
  rules=OPTION      those of every list, as for `ltgnn recommend`, with
                    rules.NAME.KEY=VALUE (`ltgnn models rules`); their files are
                    read at the start
  threads=2         requests computed at a time
  waiting=64        requests computed or waiting at a time; beyond that 503
  connections=256   at a time; beyond that 503
  timeout=10        seconds for a request to arrive completely; idle connections
                    are closed after as many

SIGTERM or Ctrl-C ends it within 5 seconds: complete requests are still
answered.
"""

DEFAULTS: dict[str, str | None] = {
    "run": None, "host": "127.0.0.1", "port": "8000", "token": "", "threads": "2", "waiting": "64",
    "connections": "256", "timeout": "10",
}  # fmt: skip


def application(run: str, hosts: Sequence[str], threads: int = 2, rules: Rules | None = None, **options: Any) -> Any:
    """The FastAPI application of a finished run; search is ready before the first request.

    ``options``: ``token`` and ``waiting`` of ``ltgnn.serving.server.app.create``.
    """
    try:
        from ltgnn.serving.server.app import create
    except ImportError as error:
        raise UserError(f"ltgnn serve needs the extra: pip install 'ltgnn[serve]' ({error})") from None
    share = None if is_export(run) else compose_rules(["rules=tail"])["tail"]
    options |= {"rules": rules, "tail_share": share}
    shop, explain = open_model(run)
    if shop.no_meaning:
        print(f"keyword search only: {shop.no_meaning}")
    try:
        by: Sequence[str] = shop.by
        shop.find("ready", 1)
    except UserError as mistake:
        print(f"no search: {mistake}")
        return create(shop.served, None, (), hosts, threads, explain, **options)
    return create(shop.served, shop.find, by, hosts, threads, explain, **options)


def open_model(run: str) -> tuple[OpenExport | OpenRun, Explainer]:
    """A run folder, or an export: of that, neither Lightning nor transformers is imported."""
    if is_export(run):
        export = OpenExport(run)
        return export, export.explainer()
    from ltgnn.inference.explanation.open_explainer import explainer
    from ltgnn.inference.open_run import OpenRun

    shop = OpenRun(run)
    return shop, explainer(shop, leave_out=False)


def main(argv: Sequence[str] | None = None) -> int:
    """``ltgnn serve``; returns when the server has ended."""
    parsed = parse(list(sys.argv[1:] if argv is None else argv), DEFAULTS, USAGE, prefix="rules")
    if parsed is None:
        return 0
    values, overrides = parsed
    port, host = number(values, "port", 0), values["host"]
    if port > 65535:
        raise UserError(f"port={port} given, 0 to 65535 wanted.")
    token = checked_token(values["token"] or os.environ.get("LTGNN_TOKEN", ""), host)
    threads, waiting, most, seconds = (number(values, key) for key in ("threads", "waiting", "connections", "timeout"))
    rules = Rules(compose_rules(overrides) if overrides else {})  # Hydra is imported where there are some
    try:
        from ltgnn.serving.server.connections import ConnectionLimits, open_socket, server
    except ImportError as error:
        raise UserError(f"ltgnn serve needs the extra: pip install 'ltgnn[serve]' ({error})") from None

    with open_socket(host, port) as bound:
        torch.set_num_threads(1)  # requests run side by side instead
        app = application(values["run"], allowed_hosts(host), threads, rules, token=token, waiting=waiting)
        bound.listen()
        for line in start_message(host, bound.getsockname()[1], token):
            print(line, flush=True)
        with suppress(KeyboardInterrupt):
            server(app, ConnectionLimits(seconds, most)).run(sockets=[bound])
    return 0


def is_local(host: str) -> bool:
    """Whether only this machine can reach the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def allowed_hosts(host: str) -> list[str]:
    """Accepted Host headers; for a local address only its own names, so that no other origin can send requests."""
    shown = f"[{host}]" if ":" in host else host
    return list(dict.fromkeys(["127.0.0.1", "localhost", "[::1]", shown])) if is_local(host) else ["*"]


def checked_token(token: str, host: str) -> str | None:
    """The token, or None where none is needed; ``UserError`` where it is needed, or is not valid in a header."""
    if not token:
        if is_local(host):
            return None
        raise UserError(
            f"host={host} opens the server to the network, and it needs a token: token=SECRET, or the environment "
            "variable LTGNN_TOKEN. (`python -c 'import secrets; print(secrets.token_urlsafe())'` makes one.) "
            "host=127.0.0.1 is this machine only and needs none."
        )
    if re.fullmatch(r"[A-Za-z0-9._~-]{1,200}", token) is None:
        raise UserError(
            "the token (token= or LTGNN_TOKEN) has other signs than letters, digits and . _ ~ -, or over 200"
        )
    return token


def start_message(host: str, port: int, token: str | None) -> list[str]:
    """Lines printed at the start: the address, who can reach it, and the token."""
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    said = [f"{address}  (Ctrl-C ends it)"]
    if not is_local(host):
        said.append("Open to the network, without encryption: anyone with this address and the token has access.")
    if token is not None:
        said.append(f"Each request needs the token: Authorization: Bearer TOKEN, in a browser {address}/?token=TOKEN")
        if len(token) < 16:
            said.append("The token is short and can be guessed: use at least 16 characters.")
    return said


if __name__ == "__main__":
    raise SystemExit(main())
