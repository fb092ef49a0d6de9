"""The page /docs: the OpenAPI description as one plain HTML page, without scripts, nothing from elsewhere."""

from __future__ import annotations

from fastapi.testclient import TestClient


def test_documentation_is_whole_and_from_here_alone(client: TestClient) -> None:
    answer = client.get("/docs")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'none'; style-src 'sha256-" in policy
    assert "<script" not in answer.text
    assert "src=" not in answer.text
    assert "@import" not in answer.text
    described = client.get("/openapi.json").json()
    for path, methods in described["paths"].items():
        assert path in answer.text
        for method in methods.values():
            for parameter in method.get("parameters", []):
                assert f"<code>{parameter['name']}</code>" in answer.text
    for name in described["components"]["schemas"]:
        assert name in answer.text or name == "HTTPValidationError"
    assert client.get("/redoc").status_code == 404
