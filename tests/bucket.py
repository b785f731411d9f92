"""What stands for Amazon S3: an HTTP server with one object."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from apps.core.aws_access import AwsAccess
from apps.core.sigv4_signing import AwsCredentials


class Bucket:
    """It answers with `body`, and remembers what it was asked. Use as a context manager."""

    def __init__(self, body: bytes) -> None:
        self.status, self.body = 200, body
        self.asked: list[tuple[str, str]] = []
        bucket = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                bucket.asked.append((self.path, self.headers["authorization"]))
                self.send_response(bucket.status)
                self.send_header("content-length", str(len(bucket.body)))
                self.end_headers()
                self.wfile.write(bucket.body)

            def log_message(self, *arguments: object) -> None:
                """Quietly."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.access = AwsAccess(
            credentials=AwsCredentials("AKIDEXAMPLE", "secret"),
            endpoint_urls={"S3": f"http://127.0.0.1:{self._server.server_port}"},
        )

    def __enter__(self) -> Bucket:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
