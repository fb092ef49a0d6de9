"""Requests to a server of the standard library on this machine."""

import pytest

from ltgnn.features.describing.http_json import Temporary, post_json
from ltgnn.types import UserError
from tests.features.describing.stub_server import Reply, serve


def test_what_is_sent_and_what_comes_back() -> None:
    with serve() as stub:
        stub.replies = [Reply(body=b'{"a": [1, "\xc3\xbc"]}'), Reply(body=b"1")]
        assert post_json(f"{stub.url}/x", "secret", {"messages": [{"content": "ü"}]}, 10) == {"a": [1, "ü"]}
        assert post_json(f"{stub.url}/x", "", {"messages": [{"content": "b"}]}, 10) == 1
    (_, path, headers, asked), (_, _, without, _) = stub.asked
    assert path == "/v1/x"
    assert headers["Authorization"] == "Bearer secret"
    assert headers["Content-Type"] == "application/json"
    assert asked == {"messages": [{"content": "ü"}]}
    assert "Authorization" not in without


@pytest.mark.parametrize(
    ("reply", "words", "after"),
    [
        (Reply(429, b"slow down", {"Retry-After": "3"}), "429", 3.0),
        (Reply(429, b"", {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}), "429", None),
        (Reply(500, b"oops"), "500", None),
        (Reply(503, b"", {"Retry-After": "-1"}), "503", 0.0),
        (Reply(200, b"{broken"), "no JSON", None),
        (Reply(200, b"[" * 100_000), "no JSON", None),
        (Reply(200, b"{}", delay=1.0), "no answer .*timed out", None),
    ],
)
def test_what_another_try_may_mend(reply: Reply, words: str, after: float | None) -> None:
    with serve() as stub:
        stub.replies = [reply]
        with pytest.raises(Temporary, match=words) as caught:
            post_json(f"{stub.url}/x", "", {"messages": []}, 0.3)
    assert caught.value.after == after


def test_nobody_there() -> None:
    with serve() as stub:
        pass
    with pytest.raises(Temporary, match="no answer"):
        post_json(f"{stub.url}/x", "", {}, 5)


def test_a_refusal_is_said_without_the_key() -> None:
    with serve() as stub:
        stub.replies = [Reply(401, b"wrong  key\nsecret-key")]
        with pytest.raises(UserError, match=r"401 Unauthorized: wrong key \.\.\.") as caught:
            post_json(f"{stub.url}/x", "secret-key", {"messages": []}, 10)
    assert "secret-key" not in str(caught.value)


def test_no_key_goes_to_another_address() -> None:
    with serve() as elsewhere, serve() as stub:
        stub.replies = [Reply(302, b"", {"Location": f"{elsewhere.url}/x"})]
        with pytest.raises(UserError, match="302"):
            post_json(f"{stub.url}/x", "secret", {"messages": []}, 10)
        assert not elsewhere.asked
