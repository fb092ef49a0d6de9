"""The API's edges: the same lists as the command and Python, values that JSON cannot hold, tokens, hosts, memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

import ltgnn
from ltgnn.commands.recommend import main as recommend
from ltgnn.commands.serve import allowed_hosts, application, checked_token, main, start_message
from ltgnn.config.composing import compose_rules
from ltgnn.inference.adjusted import towards_tail
from ltgnn.inference.rule_engine import Rules
from ltgnn.serving.rules import TailShare
from ltgnn.types import UserError
from tests.serving.server.app_case import opened

RULED = (
    ["rules=tail", "rules.tail.share=0.4"],
    ["rules=tail", "rules.bought=null"],
    ["rules=diverse"],
    ["rules=calibrated"],
    ["rules=xquad"],
)


@pytest.mark.parametrize("words", RULED, ids=" ".join)
def test_the_same_rules_give_the_same_lists(runs: dict[str, Path], tmp_path: Path, words: list[str]) -> None:
    """From the command, from Python and from the API."""
    assert recommend([f"run={runs['gnn']}", "users=u5,nobody", "k=7", *words, f"out={tmp_path / 'lists.json'}"]) == 0
    command = json.loads((tmp_path / "lists.json").read_text())
    rules = Rules(compose_rules(words))
    frame = ltgnn.load(runs["gnn"]).recommend(["u5", "nobody"], 7, rules)
    assert [row["item"] for row in command] == frame["item"].to_list()
    with opened(runs["gnn"], rules=rules) as client:
        answers = [client.get("/api/recommend", params={"user": u, "k": 7}).json() for u in ("u5", "nobody")]
        assert client.get("/api/info").json()["rules"] == list(rules.rules)
    assert [row for answer in answers for row in answer["list"]] == frame.drop("user").to_dicts()


def test_the_tail_share_is_the_rule_of_that_name(runs: dict[str, Path], client: TestClient) -> None:
    model = ltgnn.load(runs["gnn"])

    def ask(client: TestClient, **options: Any) -> list[str]:
        answer = client.get("/api/recommend", params={"user": "u5", "k": 8, **options})
        assert answer.status_code == 200
        return [row["item"] for row in answer.json()["list"]]

    def wanted(**rules: Any) -> list[str]:
        return model.recommend(["u5"], 8, Rules(rules))["item"].to_list()

    groups = ("tail", "cold")
    for share in (0.25, 0.5, 1.0):
        assert ask(client, tail_share=share) == wanted(tail=TailShare(share, groups))
    assert ask(client) == ask(client, tail_share=0) == wanted()
    composed = compose_rules(["rules=tail", "rules.tail.share=0.4"])
    with opened(runs["gnn"], rules=Rules(composed)) as other:
        info = other.get("/api/info").json()
        assert (info["tail_share"], info["tail_groups"], info["policy"]) == (0.4, ["tail", "cold"], "items20")
        assert ask(other) == ask(other, tail_share=0.4) == wanted(**composed)
        assert ask(other, tail_share=0) == wanted(bought=composed["bought"])
        assert ask(other, tail_share=1) == wanted(bought=composed["bought"], tail=TailShare(1, groups))
        said = other.get("/api/recommend", params={"user": "u5"}).json()["policy"]
        assert said == "ranked by the model; rules: bought, at least 40% tail or cold"
        rows = other.post("/api/recommend/history", json={"history": ["i1", "i2"], "k": 5}).json()["list"]
        assert sum(row["group"] in groups for row in rows) >= 2


def test_rules_that_clash_or_lack_something_are_said(runs: dict[str, Path], client: TestClient) -> None:
    answer = client.get("/api/recommend", params={"user": "u5", "k": 48, "tail_share": 1})
    assert answer.status_code == 409
    assert "no list of 48 items satisfies tail" in answer.json()["detail"]
    with pytest.raises(UserError, match="file of available items /no/such"):
        application(str(runs["gnn"]), [], rules=Rules(stock("/no/such")))


def stock(file: str) -> dict[str, object]:
    from ltgnn.serving.rules import Available

    return {"available": Available(file)}


def test_hosts(client: TestClient) -> None:
    assert allowed_hosts("127.0.0.2")[-1] == "127.0.0.2"
    good = ("127.0.0.1", "localhost:8000", "LOCALHOST", "[::1]", "[::1]:8000")
    bad = ("testserver", "evil.example", "127.0.0.1.evil.example", "", "localhost:9:9", "user@localhost", "[::1")
    for path in ("/", "/health", "/api/info", "/docs", "/openapi.json"):
        assert [client.get(path, headers={"Host": host}).status_code for host in good] == [200] * len(good)
        assert [client.get(path, headers={"Host": host}).status_code for host in bad] == [400] * len(bad)


TOKEN = "abcdefghijklmnop-1"


def test_a_token_is_needed_where_there_is_one(runs: dict[str, Path]) -> None:
    app = application(str(runs["gnn"]), ["*"], token=TOKEN)

    def fresh() -> TestClient:
        return TestClient(app, base_url="http://shop.example")

    with fresh() as client:
        for path in ("/", "/docs", "/openapi.json", "/api/info", f"/api/info?token={TOKEN}", "/?token=wrong", "/none"):
            answer = client.get(path)
            assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
            assert "set-cookie" not in answer.headers
        assert client.get("/health").json() == {"status": "ok"}
        for wrong in ("Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer \xe9", ""):
            assert client.get("/api/info", headers={"Authorization": wrong.encode("latin-1")}).status_code == 401
        assert client.get("/api/info", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
        assert client.get("/api/info", headers={"Cookie": "ltgnn_token=wrong; a=b"}).status_code == 401
        page = client.get(f"/?token={TOKEN}&user=u5")
        assert page.status_code == 200
        kept = page.headers["set-cookie"]
        assert "HttpOnly" in kept
        assert "SameSite=Strict" in kept
        assert client.get("/api/info").status_code == client.get("/").status_code == 200  # by the cookie
        assert TOKEN not in page.text
    assert fresh().get("/api/info").status_code == 401


def test_an_open_address_needs_a_token(
    runs: dict[str, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("LTGNN_TOKEN", raising=False)
    for host in ("0.0.0.0", "::", "192.168.1.5", "shop.example"):
        with pytest.raises(UserError, match=f"host={host} opens the server to the network, and it needs a token"):
            main([f"run={runs['gnn']}", f"host={host}", "port=0"])
        assert checked_token(TOKEN, host) == TOKEN
        said = " ".join(start_message(host, 8000, TOKEN))
        assert "Open to the network" in said
        assert "needs the token" in said
        assert TOKEN not in said
    for host in ("127.0.0.1", "127.0.0.2", "::1", "localhost"):
        assert checked_token("", host) is None
        assert len(start_message(host, 8000, None)) == 1
    assert "can be guessed" in start_message("0.0.0.0", 8000, "abc")[-1]
    for token in ("two words", "é", "a;b", "x" * 201):
        with pytest.raises(UserError, match="has other signs"):
            checked_token(token, "0.0.0.0")
    monkeypatch.setenv("LTGNN_TOKEN", "a b")
    with pytest.raises(UserError, match=r"token= or LTGNN_TOKEN"):
        main([f"run={runs['gnn']}", "port=0"])


def test_a_turned_model_shares_all_but_its_scores(runs: dict[str, Path]) -> None:
    """Thirty-two of them once held the tables of reasons thirty-two times."""
    served = ltgnn.load(runs["gnn"])
    turned = towards_tail(served, 0.5)
    for name in ("reasons", "seen", "bought", "popular", "catalogue", "features", "split"):
        assert getattr(turned, name) is getattr(served, name)
    assert turned.recommend(["u5"], 5)["item"].to_list() != served.recommend(["u5"], 5)["item"].to_list()
