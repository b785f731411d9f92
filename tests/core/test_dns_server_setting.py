"""`GATEHOUSE_DNS_SERVERS`: which name servers are asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.core.environment import BadEnvironment, read_environment


def servers(text: str, data_dir: Path) -> tuple[tuple[str, int], ...]:
    return read_environment({"GATEHOUSE_DNS_SERVERS": text, "GATEHOUSE_DATA_DIR": str(data_dir)}).dns_servers


def test_servers_are_addresses_with_or_without_a_port(tmp_path: Path) -> None:
    assert servers("10.0.0.2, 10.0.0.3:5353,[fd00::2]:54", tmp_path) == (
        ("10.0.0.2", 53), ("10.0.0.3", 5353), ("fd00::2", 54),
    )  # fmt: skip
    assert servers("", tmp_path) == ()


@pytest.mark.parametrize("text", ["dns.internal", "10.0.0.2:0", "10.0.0.2:70000", "10.0.0", "fd00::2", "[10"])
def test_what_is_no_address_is_told(text: str, tmp_path: Path) -> None:
    with pytest.raises(BadEnvironment, match="GATEHOUSE_DNS_SERVERS must look like"):
        servers(text, tmp_path)
