"""What tests of connections share."""

from __future__ import annotations

import asyncio
import http.client
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ltgnn.commands.serve import allowed_hosts
from ltgnn.serving.server.connections import ConnectionLimits, open_socket, server
from ltgnn.serving.server.guard import Guard

LONG = 60.0
"""Seconds that a test waits for what should come at once: whatever else the machine does."""


class Echo:
    """An application that reads the body; /slow waits until ``free`` is set."""

    def __init__(self) -> None:
        self.free, self.inside = threading.Event(), 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            size += len(message["body"])
            if not message["more_body"]:
                break
        if scope["path"].endswith("/slow"):
            self.inside += 1
            while not self.free.is_set():
                await asyncio.sleep(0.01)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})


@contextmanager
def serving(seconds: float = 30, most: int = 50, waiting: int = 50) -> Iterator[tuple[int, Echo]]:
    """Port of a server in this process."""
    app, bound = Echo(), open_socket("127.0.0.1", 0)
    made = server(Guard(app, allowed_hosts("127.0.0.1"), None, waiting), ConnectionLimits(seconds, most))
    thread = threading.Thread(target=made.run, args=([bound],), daemon=True)
    thread.start()
    until(lambda: made.started)
    try:
        yield bound.getsockname()[1], app
    finally:
        app.free.set()
        made.should_exit = True
        thread.join(LONG)
        assert not thread.is_alive()


def until(true: Any) -> None:
    end = time.monotonic() + LONG
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def sent(port: int, data: bytes) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), LONG)
    client.sendall(data)
    return client


def rest(client: socket.socket) -> bytes:
    """All that comes until the server closes the connection."""
    found = b""
    with suppress(ConnectionResetError):
        while data := client.recv(65536):
            found += data
    return found


def get(port: int, path: str = "/api/x") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


HEAD = b"POST /api/x HTTP/1.1\r\nHost: localhost\r\n"
