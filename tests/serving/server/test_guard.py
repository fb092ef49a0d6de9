"""What comes before every request: its host, its token, its size, its place among those that wait."""

from __future__ import annotations

import pytest

from tests.serving.server.connections_case import HEAD, get, rest, sent, serving


@pytest.mark.parametrize(
    "begun",
    [b"", b"GET /api/x HT", HEAD, HEAD + b"Content-Length: 200\r\n\r\n{",
     b"GET /api/x HTTP/1.1\r\nHost: localhost\r\n\r\nGET /ap"],
    ids=["nothing", "half a line", "half a head", "half a body", "one, and half of the next"],
)  # fmt: skip
def test_a_request_that_does_not_arrive_is_closed(begun: bytes) -> None:
    with serving(seconds=0.3) as (port, _):
        client = sent(port, begun)
        answer = rest(client)
        if begun.startswith(b"GET /api/x HTTP"):
            assert answer.startswith(b"HTTP/1.1 200")
        if begun:
            assert b"HTTP/1.1 408" in answer
            assert b"did not arrive within 0.3 seconds" in answer
        else:
            assert answer == b""
        assert get(port)[0] == 200
