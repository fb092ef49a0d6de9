"""A W&B server for tests: answers what a client asks when it starts, fills and ends a run, and remembers it all."""

from __future__ import annotations

import gzip
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Server(ThreadingHTTPServer):
    """``asked``: name and variables of each GraphQL request; ``streamed``: run id -> lines of each streamed file."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.streamed: dict[str, dict[str, list[str]]] = {}
        self.exit_codes: dict[str, int] = {}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def variables(self, name: str) -> list[dict[str, Any]]:
        """Of the requests of one name, in order."""
        return [variables for asked, variables in self.asked if asked == name]

    def history(self, run: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.streamed[run].get("wandb-history.jsonl", [])]

    def answer(self, name: str, variables: dict[str, Any]) -> dict[str, Any]:
        project = {"id": "UHI=", "name": variables.get("project"), "entity": {"id": "RW4=", "name": "me"}}
        if name == "Viewer":
            return {"viewer": {"id": "VXM=", "entity": "me", "username": "me", "flags": "{}", "teams": {"edges": []}}}
        if name == "RunResumeStatus":
            return {"model": project | {"bucket": None}}
        if name == "UpsertBucket":
            run = {"id": "UnU=", "name": variables["name"], "displayName": variables["displayName"], "project": project}
            more = {"description": None, "config": "{}", "sweepName": None, "historyLineCount": 0}
            return {"upsertBucket": {"bucket": run | more, "inserted": True}}
        if name == "CreateRunFiles":
            files = [{"name": file, "uploadUrl": f"{self.address}/storage/{file}"} for file in variables["files"]]
            return {"createRunFiles": {"runID": "UnU=", "uploadHeaders": [], "files": files}}
        if name == "ArtifactType":
            return {"project": None}
        if name == "ArtifactByID":
            return {"artifact": self.artifact()}
        if name == "CreateArtifact":  # as if it had the contents already, so that nothing is uploaded
            sequence = {"id": "QXM=", "latestArtifact": {"id": "QXI=", "versionIndex": 0}}
            return {"createArtifact": {"artifact": {"id": "QXI=", "state": "COMMITTED", "artifactSequence": sequence}}}
        if name == "UseArtifact":
            return {"useArtifact": {"artifact": {"id": "QXI=", "digest": "x"}}}
        return {}

    def artifact(self) -> dict[str, Any]:
        """The one that stands for all."""
        project = {"id": "UHI=", "internalId": "UHI=", "name": "ltgnn", "entity": {"name": "me"}}
        sizes = {"size": 1, "fileCount": 1, "versionIndex": 0, "ttlDurationSeconds": -1, "ttlIsInherited": False}
        empty = dict.fromkeys(("description", "metadata", "historyStep", "commitHash", "updatedAt"))
        return {
            "__typename": "Artifact",
            "id": "QXI=",
            "artifactSequence": {"__typename": "ArtifactSequence", "name": "data", "project": project},
            "artifactType": {"name": "dataset"},
            "state": "COMMITTED",
            "digest": "x",
            "createdAt": "2026-01-01T00:00:00",
            "tags": [],
            "aliases": [],
            **sizes,
            **empty,
        }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def handle(self) -> None:
        with suppress(ConnectionResetError):  # a client that ends does not say goodbye
            super().handle()

    def log_message(self, *_: Any) -> None:
        """Nothing."""

    def do_PUT(self) -> None:
        self.read()
        self.reply({})

    def do_POST(self) -> None:
        body = self.read()
        if self.path.startswith("/graphql"):
            asked = json.loads(body)
            found = re.search(r"(?:query|mutation)\s+(\w+)", asked["query"])
            name = found[1] if found else ""
            self.server.asked.append((name, asked.get("variables") or {}))
            self.reply({"data": self.server.answer(name, asked.get("variables") or {})})
        elif self.path.endswith("/file_stream"):
            run, sent = self.path.split("/")[-2], json.loads(body)
            for name, part in sent.get("files", {}).items():
                self.server.streamed.setdefault(run, {}).setdefault(name, []).extend(part["content"])
            if "exitcode" in sent:
                self.server.exit_codes[run] = sent["exitcode"]
            self.reply({"limits": {}})
        else:
            self.reply({})

    def read(self) -> bytes:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body

    def reply(self, answer: dict[str, Any]) -> None:
        data = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def wandb_server() -> Iterator[Server]:
    server = Server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
