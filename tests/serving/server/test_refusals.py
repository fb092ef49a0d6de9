"""Answers to requests that are refused: always JSON, whatever the request held."""

from __future__ import annotations

import json

import pytest
from fastapi.testclient import TestClient

SEARCH, HISTORY = "/api/search", "/api/recommend/history"

BODIES = [
    (SEARCH, b'{"query": "a", "k": NaN}'), (SEARCH, b'{"query": "a", "taste": Infinity}'),
    (SEARCH, b'{"query": "a", "k": 1e400}'), (SEARCH, b'{"query": "a", "taste": -1e999}'),
    (SEARCH, b'{"query": "\\ud800"}'), (SEARCH, b'{"query": "a", "user": "\\udfff"}'),
    (SEARCH, b'{"query": "a", "taste": false}'), (SEARCH, b'{"query": "a", "k": true}'),
    (SEARCH, b'{"query": "a", "k": 2.5}'), (SEARCH, b'{"query": "a", "k": "3"}'),
    (SEARCH, b'{"query": "a", "\\ud800": 1}'), (SEARCH, b'{"query": NaN}'), (SEARCH, b'{"query": {"a": NaN}}'),
    (SEARCH, b"NaN"), (SEARCH, b"[NaN]"), (SEARCH, b'"\\ud800"'), (SEARCH, b"null"), (SEARCH, b""), (SEARCH, b"{"),
    (SEARCH, b'{"query": "a", "taste": 1' + b"0" * 400 + b"}"),
    (SEARCH, b'{"query": "a", "k": 1' + b"0" * 5000 + b"}"),
    (HISTORY, b'{"history": ["i1"], "tail": NaN}'), (HISTORY, b'{"history": ["\\ud800"]}'),
    (HISTORY, b'{"history": [true]}'), (HISTORY, b'{"history": ["i1"], "tail": true}'),
    (HISTORY, b'{"history": [' + b"NaN," * 199 + b"NaN]}"), (HISTORY, b'{"history": "i1"}'),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body"), BODIES, ids=lambda value: str(value)[:40])
def test_bodies_that_json_cannot_answer_get_422(client: TestClient, path: str, body: bytes) -> None:
    answer = client.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["detail"]
    assert len(answer.content) < 5000
    for refused in ("NaN", "Infinity"):
        assert refused not in answer.text


def test_bodies_that_are_right_or_no_json_at_all(client: TestClient) -> None:
    def post(body: bytes) -> int:
        return client.post(SEARCH, content=body, headers={"Content-Type": "application/json"}).status_code

    assert post(b'{"query": "castle", "k": 10.0, "taste": 1, "user": null}') == 200  # JSON knows one kind of number
    assert post(b"[" * 100_000) == 400
    assert client.post(SEARCH, json={"query": "a", "limit": 3}).json()["detail"][0]["msg"] == (
        "unknown: 'limit'; known: query, k, user, taste"
    )


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("limit=3", "unknown parameter 'limit'; known: user, k, tail, tail_share"),
        ("k=3&k=4", "k is given twice"),
        ("tail=nan", "a number wanted"), ("tail=1e999", "finite"), ("tail=Infinity", "a number wanted"),
        ("tail=true", "a number wanted"), ("k=true", "a whole number wanted"), ("k=1_0", "a whole number wanted"),
        ("k=2.5", "a whole number wanted"), ("k=1" + "0" * 5000, "a whole number wanted"), ("tail_share=", "a number"),
        ("%ED%A0%80=1", "not UTF-8"), ("k=%ff", "not UTF-8"),
    ],
)  # fmt: skip
def test_queries_that_are_not_understood_get_422(client: TestClient, query: str, words: str) -> None:
    answer = client.get(f"/api/recommend?user=u5&{query}")
    assert answer.status_code == 422
    assert words in json.dumps(answer.json())
    assert client.get("/api/info?x=1").status_code == 422
    assert client.get("/api/recommend?user=%ED%A0%80").status_code == 422
