"""An endpoint against a server of the standard library on this machine."""

import logging
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ltgnn.features.describing.openai_endpoint import OpenAIEndpoint
from ltgnn.features.describing.text_writer import Answer
from ltgnn.types import UserError
from tests.features.describing.stub_server import Reply, completion, serve
from tests.features.describing.writers import make_describer


def endpoint(**changes: Any) -> OpenAIEndpoint:
    options: dict[str, Any] = {
        "account": "STUB", "model": "small", "max_new_tokens": 20, "length_key": "max_tokens", "temperature": 0.0,
        "seed": 3, "extra": {}, "timeout": 10.0, "tries": 3, "first_wait": 0.01, "longest_wait": 0.05,
        "per_minute": None, "parallel": 2,
    }  # fmt: skip
    return OpenAIEndpoint(**{**options, **changes})


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Any:
    with serve() as stub:
        monkeypatch.setenv("STUB_BASE_URL", stub.url + "/")
        monkeypatch.setenv("STUB_API_KEY", "secret")
        yield stub


def test_answers_in_order_and_what_is_sent(stub: Any) -> None:
    prompts = [f"prompt {n}" for n in range(7)]
    assert endpoint(parallel=3)(prompts) == [Answer(prompt.upper(), 7, 3) for prompt in prompts]
    _, path, headers, asked = stub.asked[0]
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == "Bearer secret"
    assert asked.pop("messages")[0]["role"] == "user"
    assert asked == {"model": "small", "max_tokens": 20, "temperature": 0.0, "seed": 3}


def test_other_keys_of_a_request(stub: Any) -> None:
    endpoint(seed=None, length_key="max_completion_tokens", extra={"response_format": {"type": "json_object"}})(["a"])
    asked = stub.asked[0][3]
    assert asked["response_format"] == {"type": "json_object"}
    assert asked["max_completion_tokens"] == 20
    assert not {"seed", "max_tokens"} & set(asked)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(429, b""),
        Reply(500, b""),
        Reply(200, b"{broken"),
        Reply(200, b'{"choices": []}'),
        Reply(200, b'{"error": "overloaded"}'),
        Reply(200, b"[]"),
        Reply(200, completion(""), delay=1.0),
    ],
)
def test_it_is_tried_again(stub: Any, reply: Reply) -> None:
    stub.replies = [reply, reply]
    assert endpoint(timeout=0.4)(["a"]) == [Answer("A", 7, 3)]
    assert len(stub.asked) == 3


def test_waits_double_and_a_server_may_ask_for_longer(stub: Any, caplog: pytest.LogCaptureFixture) -> None:
    stub.replies = [
        Reply(500),
        Reply(500),
        Reply(500),
        Reply(429, b"", {"Retry-After": "0.3"}),
        Reply(429, b"", {"Retry-After": "99"}),
    ]
    for reply in stub.replies:
        reply.body = b""
    with caplog.at_level(logging.INFO):
        endpoint(tries=6, first_wait=0.05, longest_wait=0.5)(["a"])
    times = [asked[0] for asked in stub.asked]
    waits = [after - before for before, after in pairwise(times)]
    assert all(wait >= least for wait, least in zip(waits, [0.05, 0.1, 0.2, 0.4, 0.5], strict=True))
    said = [record.message.split("again in ")[1] for record in caplog.records]
    assert said == ["0.1 s", "0.1 s", "0.2 s", "0.4 s", "0.5 s"]


def test_after_the_last_try_the_rest_is_kept(stub: Any, tmp_path: Path) -> None:
    texts = ["aa", "b"]
    prompt = "Uses: {item}"
    stub.replies = [Reply(), *[Reply(500, b"")] * 3]
    describer = make_describer(endpoint(parallel=1), tmp_path, prompt=prompt, parts=["uses"], again=None)
    with pytest.raises(UserError, match=r"no answer in 3 tries: 500.*the same command goes on"):
        describer(texts)
    assert len(stub.asked) == 4
    assert [one.parts["uses"] for one in describer(texts)] == ["AA", "B"]
    assert len(stub.asked) == 5


def test_a_refusal_is_not_tried_again(stub: Any) -> None:
    stub.replies = [Reply(404, b'{"error": "no model small"}')]
    with pytest.raises(UserError, match=r"404.*no model small.*features\.writer\.model"):
        endpoint()(["a"])
    assert len(stub.asked) == 1


def test_no_more_requests_a_minute_than_allowed(stub: Any) -> None:
    endpoint(per_minute=600, parallel=4)([str(n) for n in range(5)])
    times = sorted(asked[0] for asked in stub.asked)
    assert times[-1] - times[0] >= 4 * 0.1 - 0.03  # 600 a minute are one in 0.1 s
    assert endpoint(per_minute=None).batch_size == 2


def test_an_answer_without_counts_or_text(stub: Any) -> None:
    stub.replies = [Reply(body=b'{"choices": [{"message": {"content": null}}], "usage": null}')]
    assert endpoint()(["a"]) == [Answer("", 0, 0)]


def test_the_address_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STUB_BASE_URL", raising=False)
    with pytest.raises(UserError, match="STUB_BASE_URL is not set"):
        _ = endpoint().identity
    for wrong in ("file:///etc/passwd", "localhost:8000", "http://user:word@host"):
        monkeypatch.setenv("STUB_BASE_URL", wrong)
        with pytest.raises(UserError, match="STUB_BASE_URL is no address"):
            _ = endpoint().identity
    monkeypatch.setenv("STUB_BASE_URL", "http://elsewhere.org/v1")
    monkeypatch.setenv("STUB_API_KEY", "secret")
    with pytest.raises(UserError, match=r"elsewhere\.org unencrypted") as caught:
        _ = endpoint().identity
    assert "secret" not in str(caught.value)
    monkeypatch.setenv("STUB_BASE_URL", "https://elsewhere.org/v1/")
    identity = endpoint().identity
    assert identity["url"] == "https://elsewhere.org/v1"
    assert "secret" not in str(identity)
    with pytest.raises(UserError, match="account=stub-1"):
        endpoint(account="stub-1")


def test_what_decides_the_answers_is_the_identity(stub: Any) -> None:
    usual = endpoint().identity
    assert (
        endpoint(timeout=1.0, tries=1, first_wait=2.0, longest_wait=2.0, per_minute=5.0, parallel=1).identity == usual
    )
    changes: list[dict[str, Any]] = [
        {"model": "x"}, {"max_new_tokens": 3}, {"temperature": 0.5}, {"seed": None}, {"extra": {"a": 1}},
    ]  # fmt: skip
    assert all(endpoint(**change).identity != usual for change in changes)
