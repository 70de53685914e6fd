"""A stand-in for vendors: servers on loopback that check the key and say who was called with which model."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

EXPECTED = {"alpha": "Bearer alpha-key", "beta": "Bearer beta-key", "open": "Bearer none"}
USAGE = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}


@dataclass
class Upstream:
    """Servers of all vendors at one port, told apart by the first step of the path."""

    server: ThreadingHTTPServer
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.server.server_address[1])

    def since(self, start: int) -> list[tuple[str, str]]:
        """Return (vendor, model) of the calls after the first `start`."""
        return [(vendor, model) for vendor, _, model in self.calls[start:]]


def _answer(vendor: str, path: str, model: str, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
    if vendor == "claude":
        if headers.get("x-api-key") != "claude-key" or path != "/v1/messages":
            return 401, {"type": "error", "error": {"type": "authentication_error", "message": path}}
        usage = {"input_tokens": 1000, "output_tokens": 100}
        content = [{"type": "text", "text": "claude"}]
        message = {"id": "m", "type": "message", "role": "assistant", "model": model, "content": content}
        return 200, {**message, "stop_reason": "end_turn", "stop_sequence": None, "usage": usage}
    if headers.get("authorization") != EXPECTED[vendor]:
        return 401, {"error": {"message": "wrong key", "type": "auth", "code": "invalid_api_key"}}
    if model == "broken":
        return 500, {"error": {"message": "broken", "type": "server_error", "code": "server_error"}}
    if path == "/v1/embeddings":
        data = [{"object": "embedding", "index": 0, "embedding": [0.5]}]
        return 200, {"object": "list", "data": data, "model": model, "usage": USAGE}
    message = {"role": "assistant", "content": f"{vendor} {model}"}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    chat = {"id": "c", "object": "chat.completion", "created": 1, "model": model, "usage": USAGE}
    return 200, {**chat, "choices": [choice]}


@contextmanager
def serve() -> Iterator[Upstream]:
    """Run the vendors' servers."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)))
            _, vendor, *rest = self.path.split("?")[0].split("/")
            headers = {key.lower(): value for key, value in self.headers.items()}
            found.calls.append((vendor, "/" + "/".join(rest), body["model"]))
            found.headers.append(headers)
            self._send(*_answer(vendor, "/" + "/".join(rest), body["model"], headers))

        def do_GET(self) -> None:
            # The proxy lists the models of each deployment when it starts.
            found.headers.append({key.lower(): value for key, value in self.headers.items()})
            self._send(200, {"object": "list", "data": []})

        def _send(self, status: int, answer: dict[str, Any]) -> None:
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # named so by the base
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Upstream(server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
