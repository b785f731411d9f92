"""A host of functions, a real HTTP server, whose one function answers as a story has it."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


class FunctionHost:
    """Every function answers by `behaviour`: a result, or with `fails` an error. `events` are what it was told. Use as a context manager."""

    def __init__(self, answer: Any) -> None:
        self.events: list[dict[str, Any]] = []
        self.behaviour: Callable[[dict[str, Any]], Any] = lambda event: answer
        self.fails = False
        made = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                made.events.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                body = json.dumps(made.behaviour(made.events[-1])).encode()
                self.send_response(200)
                if made.fails:
                    self.send_header("x-amz-function-error", "Unhandled")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: Any) -> None:
                """The story tells what happened."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> FunctionHost:
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
