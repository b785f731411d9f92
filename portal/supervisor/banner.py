"""What the operator sees once everything answers."""

from __future__ import annotations

from typing import Any

from portal.supervisor.endpoints import export_lines


def banner(
    found: dict[str, Any], credentials: dict[str, Any], log_folder: str, *, first_run: bool, confined: bool
) -> str:
    """The text; `found` is the content of endpoints.json, `credentials` what bootstrap said. `confined` is whether the kernel
    keeps functions from the installation's files."""
    lines = [
        "",
        "  Gatehouse is ready.",
        "",
        f"  Console           {found['control']}/console/",
        f"  Developer portal  {found['control']}/",
        f"  Gateway           {found['gateway']}/",
        f"  Sign in           {found['admin_username']} / {_password(found, first_run)}",
        "",
        "  The AWS CLI, boto3 and the SDKs, unchanged:",
        *(f"    {line}" for line in export_lines(found)),
    ]
    if credentials.get("demo_url"):
        lines += ["", "  The demo API:", f"    curl {credentials['demo_url']}"]
    if not confined:
        lines += ["", "  This kernel has no Landlock: functions can read the data directory, its secrets included."]
    lines += ["", f"  Logs are in {log_folder}. Ctrl-C stops everything.", ""]
    return "\n".join(lines)


def _password(found: dict[str, Any], first_run: bool) -> str:
    if not found["admin_password"]:
        return "the password you chose"
    return str(found["admin_password"]) if first_run else "the password shown at the first run"
