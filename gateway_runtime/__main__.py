"""`python -m gateway_runtime`: serve the published APIs."""

from __future__ import annotations

import argparse
from pathlib import Path

from gateway_runtime.serve import ServeOptions, serve


def main(arguments: list[str] | None = None) -> None:
    """Parse the command line and serve."""
    default = ServeOptions()
    parser = argparse.ArgumentParser(prog="gateway_runtime", description="Serve the published APIs.")
    parser.add_argument("--bind", default=default.bind, help="address to listen on")
    parser.add_argument("--port", type=int, default=default.port)
    parser.add_argument("--https-port", type=int, help="another port, for HTTPS; none without it")
    parser.add_argument("--host", action="append", default=[], dest="hosts", help="in the gateway's own certificate")
    parser.add_argument("--workers", type=int, default=default.workers, help="number of worker processes")
    parser.add_argument("--management-bind", default=default.management_bind)
    parser.add_argument("--management-port", type=int, default=default.management_port)
    parser.add_argument("--data-dir", type=Path, default=default.data_dir, help="snapshots, spool and run files")
    parser.add_argument("--app", default=default.app, help="dotted name of the ASGI application")
    parser.add_argument("--limit-connections", type=int, default=default.limit_connections, help="per worker")
    parser.add_argument("--log-level", default=default.log_level, choices=["debug", "info", "warning", "error"])
    options = parser.parse_args(arguments)
    if options.workers < 1:
        parser.error("--workers must be at least 1")
    serve(ServeOptions(**{**vars(options), "hosts": tuple(options.hosts)}))


if __name__ == "__main__":
    main()
