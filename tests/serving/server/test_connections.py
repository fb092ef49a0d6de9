"""A real server on a free port against clients that do not behave: stuck, slow, too many, there at its end."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from ltgnn.serving.server.connections import open_socket
from ltgnn.types import UserError
from tests.serving.server.connections_case import HEAD, LONG, get, rest, sent, serving, until


def test_dripping_does_not_help() -> None:
    with serving(seconds=0.5) as (port, _):
        client = sent(port, HEAD)
        client.settimeout(0.05)
        answer, end = b"", time.monotonic() + LONG
        while not answer:
            assert time.monotonic() < end
            client.sendall(b"X")
            with suppress(TimeoutError):
                answer = client.recv(1000)
        assert answer.startswith(b"HTTP/1.1 408")


def test_an_idle_connection_is_closed() -> None:
    with serving(seconds=1) as (port, _):
        client = sent(port, b"GET /api/x HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert rest(client).endswith(b"ok")


def test_an_answer_that_takes_long_is_not_cut_off() -> None:
    with serving(seconds=0.3) as (port, app):
        client = sent(port, b"GET /api/slow HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        until(lambda: app.inside)
        time.sleep(0.6)  # twice the bound
        app.free.set()
        assert rest(client).endswith(b"ok")


def test_connections_are_bounded() -> None:
    with serving(most=3) as (port, _):
        held = [sent(port, HEAD) for _ in range(3)]
        time.sleep(0.1)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG)
        connection.request("GET", "/api/x")
        answer = connection.getresponse()
        assert answer.status == 503
        assert answer.headers["Retry-After"] == "1"
        assert "more than 3 connections" in json.loads(answer.read())["detail"]
        more = [sent(port, b"") for _ in range(6)]
        assert b"" in [rest(client) for client in more[3:]]  # beyond twice as many: closed at once
        for client in [*held, *more]:
            client.close()
        until(lambda: get(port)[0] == 200)


def test_waiting_requests_are_bounded_and_health_waits_for_nobody() -> None:
    with serving(waiting=2) as (port, app):
        slow = b"GET /api/slow HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        first = [sent(port, slow) for _ in range(2)]
        until(lambda: app.inside == 2)
        third = rest(sent(port, slow))
        assert third.startswith(b"HTTP/1.1 503")
        assert b"retry-after: 1" in third.lower()
        assert b"2 requests are computed or waiting" in third
        assert get(port, "/health")[0] == 200
        app.free.set()
        assert all(rest(client).endswith(b"ok") for client in first)
        assert get(port)[0] == 200


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (HEAD + b"Content-Length: abc\r\n\r\n", 400),
        (HEAD + b"Content-Length: -1\r\n\r\n", 400),
        (HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", 400),
        (HEAD + b"Content-Length: 300000\r\n\r\n", 413),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", 411),
        (b"GET /api/x HTTP/1.1\r\n\r\n", 400),
        (b"GET /api/x HTTP/1.1\r\nHost: evil.example\r\n\r\n", 400),
        (b"GET /api/x HTTP/1.1\r\nHost: testserver\r\n\r\n", 400),
        (b"GET /api/x HTTP/1.1\r\nHost: a\r\nHost: localhost\r\n\r\n", 400),
        (b"GET /api/x?a=%ED%A0%80 HTTP/1.1\r\nHost: localhost\r\n\r\n", 422),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n", 400),
    ],
)
def test_what_is_not_http_or_not_ours_gets_json(request_: bytes, status: int, caplog: pytest.LogCaptureFixture) -> None:
    with serving(seconds=0.5) as (port, _):
        answer = rest(sent(port, request_))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert "detail" in json.loads(body.partition(b"HTTP/1.1")[0])
    assert "Traceback" not in caplog.text


def test_an_address_that_cannot_be_opened_is_one_message() -> None:
    with open_socket("127.0.0.1", 0) as bound:
        bound.listen()
        port = bound.getsockname()[1]
        with pytest.raises(UserError, match=f"port={port} cannot be opened"):
            open_socket("127.0.0.1", port)
    with pytest.raises(UserError, match=r"host=no\.such\.host\.invalid"):
        open_socket("no.such.host.invalid", 0)
    with pytest.raises(UserError, match="host="):
        open_socket("a" * 100, 0)


STUCK = """
import anyio.to_thread, time
from ltgnn.serving.server.connections import ConnectionLimits, open_socket, server

async def app(scope, receive, send):
    if scope["type"] == "http" and scope["path"] == "/thread":
        print("inside", flush=True)
        await anyio.to_thread.run_sync(time.sleep, 600)
    elif scope["type"] == "http":
        while (await receive())["type"] != "http.disconnect":
            pass
    else:
        raise RuntimeError("no lifespan")

bound = open_socket("127.0.0.1", 0)
bound.listen()
print(bound.getsockname()[1], flush=True)
server(app, ConnectionLimits(600, 50)).run(sockets=[bound])
"""


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_whatever_the_clients_do(sign: signal.Signals) -> None:
    """Before this a single half-sent body kept it alive for ever; here the bound on a request is ten minutes."""
    process = subprocess.Popen([sys.executable, "-c", STUCK], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        held = [sent(port, data) for data in (b"", HEAD, HEAD + b"Content-Length: 200\r\n\r\n{")]
        thread = sent(port, b"GET /thread HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert process.stdout.readline() == "inside\n"
        begun = time.monotonic()
        process.send_signal(sign)
        assert process.wait(LONG) != 0
        print(f"ended after {time.monotonic() - begun:.1f} s")
        assert b"" in [rest(client) for client in [*held, thread]]
    finally:
        process.kill()
        process.communicate()
