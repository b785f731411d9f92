"""What the operator sees once everything answers."""

from __future__ import annotations

from typing import Any

from portal.supervisor.banner import banner

FOUND: dict[str, Any] = {
    "control": "http://127.0.0.1:8000",
    "gateway": "http://127.0.0.1:8080",
    "access_key_id": "AKIAFIRST",
    "secret_access_key": "hush",
    "region": "us-east-1",
    "account_id": "123456789012",
    "admin_username": "admin",
    "admin_password": "first",
}


def test_a_kernel_that_does_not_confine_functions_is_told():
    told, quiet = (banner(FOUND, {}, "log", first_run=True, confined=confined) for confined in (False, True))

    assert "no Landlock: functions can read the data directory" in told
    assert "Landlock" not in quiet
