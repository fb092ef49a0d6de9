"""How far a long computation is, where there is no terminal."""

from __future__ import annotations

import logging

import pytest

from ltgnn.features import progress as module


def test_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    clock = iter([0.0, 10.0, 31.0, 31.0, 40.0, 65.0, 65.0])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    with caplog.at_level(logging.INFO), module.progress("encoding texts", 4000, "items") as advance:
        for _ in range(4):
            advance(1000)
    assert caplog.messages == ["encoding texts: 2,000 of 4,000 items", "encoding texts: 4,000 of 4,000 items"]
