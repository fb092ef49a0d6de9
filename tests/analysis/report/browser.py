"""A headless Chromium over the WebDriver protocol: what a page looks like to somebody who uses it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = shutil.which("chromium") and shutil.which("chromedriver")
OPTIONS = ("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking")


class Page:
    """One open page."""

    def __init__(self, address: str) -> None:
        self.address = address

    def run(self, script: str) -> Any:
        """The value of a JavaScript function body."""
        return ask(f"{self.address}/execute/sync", {"script": script, "args": []})

    def press(self, key: str) -> None:
        steps = [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")]
        ask(f"{self.address}/actions", {"actions": [{"type": "key", "id": "keys", "actions": steps}]})

    def complaints(self) -> list[str]:
        """Errors and warnings of the console."""
        return [entry["message"] for entry in ask(f"{self.address}/se/log", {"type": "browser"})]


def ask(address: str, body: dict[str, Any] | None = None, method: str = "POST") -> Any:
    data = None if method == "DELETE" else json.dumps(body or {}).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())["value"]


@contextmanager
def opened(file: Path, profile: Path, width: int = 1280, height: int = 900) -> Iterator[Page]:
    """``file`` in a browser window of that size."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        words = [f"--{option}" for option in OPTIONS] + [
            f"--user-data-dir={profile}",
            f"--window-size={width},{height}",
        ]
        wanted = {"goog:chromeOptions": {"args": words}, "goog:loggingPrefs": {"browser": "ALL"}}
        until, session = time.monotonic() + 30, None
        while session is None:
            try:
                session = ask(f"http://127.0.0.1:{port}/session", {"capabilities": {"alwaysMatch": wanted}})
            except urllib.error.URLError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
        address = f"http://127.0.0.1:{port}/session/{session['sessionId']}"
        emulated = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        command = {"cmd": "Emulation.setDeviceMetricsOverride", "params": emulated}
        ask(f"{address}/goog/cdp/execute", command)
        ask(f"{address}/url", {"url": file.as_uri()})
        yield Page(address)
        ask(address, method="DELETE")
    finally:
        driver.terminate()
        driver.wait(10)
