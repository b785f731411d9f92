"""VPC endpoints are named for networks in the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.core.environment import BadEnvironment, VpcEndpoint, read_environment
from gateway_runtime.iam.vpc_endpoints import vpc_endpoint_of


def endpoints(text: str, data_dir: Path) -> tuple[VpcEndpoint, ...]:
    variables = {"GATEHOUSE_VPC_ENDPOINTS": text, "GATEHOUSE_DATA_DIR": str(data_dir)}
    return read_environment(variables).vpc_endpoints


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("10.0.3.4", "vpce-1a"),
        ("10.8.0.1", "vpce-1a"),
        ("10.9.0.1", "vpce-2b"),
        ("::ffff:10.9.0.1", "vpce-2b"),
        ("2001:db8::1", "vpce-2b"),
        ("192.0.2.1", None),
        ("", None),
    ],
)
def test_a_caller_comes_through_the_endpoint_of_the_narrowest_network(
    address: str, expected: str | None, tmp_path: Path
) -> None:
    found = vpc_endpoint_of(
        address, endpoints("vpce-1a@vpc-9z=10.0.0.0/16+10.8.0.0/16, vpce-2b=10.0.0.0/8+2001:db8::/32", tmp_path)
    )

    assert (found and found.endpoint_id) == expected


def test_without_the_setting_there_is_no_endpoint(tmp_path: Path) -> None:
    assert endpoints("", tmp_path) == ()


@pytest.mark.parametrize(
    "text", ["vpce-1a", "vpce-1a=", "vpce-1a=10.0.0.1/8", "vpc-1a=10.0.0.0/8", "vpce-1a@x=10.0.0.0/8"]
)
def test_a_setting_that_cannot_be_read_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(BadEnvironment, match="GATEHOUSE_VPC_ENDPOINTS must look like"):
        endpoints(text, tmp_path)
