"""Which addresses an integration may reach."""

from __future__ import annotations

import ipaddress

import pytest

from gateway_runtime.upstream.guard import DEVELOPMENT, AddressPolicy


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "169.254.170.2", "0.0.0.0", "255.255.255.255", "224.0.0.1", "240.0.0.1", "100.100.100.200",
     "::", "fe80::1", "ff02::1", "fd00:ec2::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1",
     "::a9fe:a9fe"],
)  # fmt: skip
def test_no_policy_permits(address: str) -> None:
    assert not AddressPolicy(allow_loopback=True, allow_private=True).permits(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "::1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "fd12::1", "100.64.0.1", "::ffff:10.0.0.1"]
)
def test_only_development_permits(address: str) -> None:
    assert DEVELOPMENT.permits(ipaddress.ip_address(address))
    assert not AddressPolicy().permits(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_every_policy_permits(address: str) -> None:
    assert AddressPolicy().permits(ipaddress.ip_address(address))
