"""What tests of app share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from ltgnn.commands.serve import allowed_hosts, application

HERE = "http://127.0.0.1"


def opened(run: Path, **options: Any) -> TestClient:
    app = application(str(run), allowed_hosts("127.0.0.1"), **options)
    return TestClient(app, base_url=HERE, raise_server_exceptions=False)
