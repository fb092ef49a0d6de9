"""An endpoint of chat completions on this machine that answers by a list of replies."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Reply:
    """One answer; ``body`` None: a completion that echoes the prompt."""

    status: int = 200
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0  # seconds before it


@dataclass
class Stub:
    """What was asked, and what is answered: ``replies`` in their order, then completions."""

    url: str = ""
    replies: list[Reply] = field(default_factory=list)
    asked: list[tuple[float, str, Mapping[str, str], Any]] = field(default_factory=list)  # time, path, headers, JSON


def completion(text: str) -> bytes:
    usage = {"prompt_tokens": 7, "completion_tokens": 3}
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}], "usage": usage}).encode()


@contextmanager
def serve() -> Iterator[Stub]:
    stub, turn = Stub(), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with turn:
                stub.asked.append((time.monotonic(), self.path, dict(self.headers), asked))
                reply = stub.replies.pop(0) if stub.replies else Reply()
            time.sleep(reply.delay)
            body = completion(asked["messages"][0]["content"].upper()) if reply.body is None else reply.body
            try:
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:  # who asked has gone
                return

        def log_message(self, *arguments: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stub.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
