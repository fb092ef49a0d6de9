"""The server itself: bounded connections, a bounded time for a request to arrive, an end within seconds of a signal."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
from dataclasses import dataclass
from http import HTTPStatus
from types import FrameType
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from ltgnn.types import UserError

GRACE = 3
"""Seconds that requests under way have after a signal."""
END = 4.5
"""Seconds after a signal when the process ends in any case, whatever a thread still computes."""
LARGEST_HEAD = 16_384  # bytes


@dataclass(frozen=True)
class ConnectionLimits:
    """``seconds``: timeout of a request and of an idle connection; ``most``: connections at a time."""

    seconds: float = 10
    most: int = 256


class LimitedProtocol(H11Protocol):
    """One connection. Beyond ``most`` a request gets 503; beyond twice as many, connections are closed."""

    bounds = ConnectionLimits()
    timer: asyncio.TimerHandle | None = None
    surplus = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > 2 * self.bounds.most:
            transport.abort()
            return
        self.surplus = len(self.connections) > self.bounds.most
        self._start()

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self.surplus:
            self._answer(503, f"more than {self.bounds.most} connections; try again later")
            return
        super().data_received(data)
        if self._is_complete:
            self._stop()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing() and not self._is_complete:
            self._start()

    def pause_writing(self) -> None:
        """Called when the client does not read its answer: it has as long as for a request."""
        super().pause_writing()
        self._start()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._is_complete:
            self._stop()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Called at the end: a complete request is answered, anything else is closed at once."""
        if self._is_complete and self.cycle is not None and not self.cycle.response_complete:
            super().shutdown()
        else:
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Called for what is not HTTP."""
        self._answer(400, msg)

    @property
    def _is_complete(self) -> bool:
        """Whether the client has sent all of its request."""
        return self.conn.their_state in (h11.DONE, h11.MUST_CLOSE, h11.CLOSED)

    def _start(self) -> None:
        self._stop()
        self.timer = self.loop.call_later(self.bounds.seconds, self._refuse_late)

    def _stop(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def _refuse_late(self) -> None:
        begun = self.conn.trailing_data[0] or self.conn.their_state is not h11.IDLE
        if begun and not self.surplus:
            self._answer(408, f"the request did not arrive within {self.bounds.seconds:g} seconds")
        else:
            self.transport.abort()

    def _answer(self, status: int, detail: str) -> None:
        """An answer of the server itself, where none has started, and the end of the connection."""
        if self.transport.is_closing():
            return
        unanswered = self.cycle is None or self.cycle.response_complete or not self.cycle.response_started
        if self.cycle is not None:
            self.cycle.disconnected = True  # further output is not sent
            self.cycle.message_event.set()
        if unanswered:
            body = json.dumps({"detail": detail}).encode()
            lines = [
                f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", "Content-Type: application/json",
                f"Content-Length: {len(body)}", "Connection: close", *(["Retry-After: 1"] if status == 503 else []),
            ]  # fmt: skip
            self.transport.write("\r\n".join([*lines, "", ""]).encode() + body)
        self.transport.close()
        self.loop.call_later(1, self.transport.abort)  # of a client that does not read it


class Server(uvicorn.Server):
    """Ends by itself ``GRACE`` seconds after a signal, and by force where a thread does not let it."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if not self.should_exit:
            forced = threading.Timer(END, os._exit, (128 + sig,))
            forced.daemon = True
            forced.start()
        super().handle_exit(sig, frame)


def server(app: Any, bounds: ConnectionLimits) -> Server:
    """A server of an ASGI application; ``.run(sockets=[...])``."""
    protocol = type("Protocol", (LimitedProtocol,), {"bounds": bounds})
    config = uvicorn.Config(
        app, http=protocol, ws="none", log_level="error", access_log=False, server_header=False, proxy_headers=False,
        timeout_keep_alive=max(1, round(bounds.seconds)), timeout_graceful_shutdown=GRACE,
        h11_max_incomplete_event_size=LARGEST_HEAD,
    )  # fmt: skip
    return Server(config)


def open_socket(host: str, port: int) -> socket.socket:
    """A socket bound to the address, not yet listening; ``UserError`` if that fails. ``port`` 0: any free one."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = min(found, key=lambda info: info[0] != socket.AF_INET)  # localhost has two
        bound = socket.socket(family, kind, protocol)
        if os.name == "posix":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        raise UserError(
            f"host={host} port={port} cannot be opened: {error.strerror}. Set another port=, or host= to an address of "
            "this machine."
        ) from error
    except UnicodeError as error:
        raise UserError(f"host={host:.80} given, a host name or an address wanted.") from error
    return bound
