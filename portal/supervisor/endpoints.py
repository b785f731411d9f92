"""`endpoints.json`: where the running instance is and how to sign in; read by `make env`, tests and scripts."""

from __future__ import annotations

import os
import shlex
import sys
from typing import Any

from apps.core.environment import BadEnvironment, Environment, read_environment
from portal.supervisor.data_directory import DataDirectory
from portal.supervisor.refusal import Refusal

FILE = "endpoints.json"


def endpoints(environment: Environment, credentials: dict[str, Any]) -> dict[str, Any]:
    return {
        "control": environment.portal_url,
        "gateway": environment.gateway_url,
        "access_key_id": credentials.get("access_key_id"),
        "secret_access_key": credentials.get("secret_access_key"),
        "region": environment.region,
        "account_id": credentials.get("account_id"),
        "admin_username": credentials.get("admin_username"),
        "admin_password": credentials.get("admin_password"),
    }


def export_lines(found: dict[str, Any]) -> list[str]:
    """What a shell evaluates so that the AWS CLI and the SDKs talk to this instance."""
    values = {
        "AWS_ENDPOINT_URL": found["control"],
        "AWS_ACCESS_KEY_ID": found["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": found["secret_access_key"],
        "AWS_DEFAULT_REGION": found["region"],
    }
    return [f"export {name}={shlex.quote(str(value))}" for name, value in values.items()]


def main() -> int:
    try:
        data = DataDirectory(read_environment(os.environ).data_dir)
        found = data.read_json(FILE) if data.is_locked() else {}
        if not found:
            raise Refusal(f"no instance is running on {data.path}: start one with `make run`")
    except (BadEnvironment, Refusal) as refusal:
        print(f"gatehouse: {refusal}", file=sys.stderr)
        return 1
    print(*export_lines(found), sep="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
