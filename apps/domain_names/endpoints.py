"""The names and hosted zones by which the endpoints of custom domain names are known in DNS, as AWS publishes them."""

from __future__ import annotations

import hashlib

from apps.domain_names.models import DomainName

DISTRIBUTION_ZONE = "Z2FDTNDATAQYW2"
_ZONES = {
    "ap-northeast-1": "Z1YSHQZHG15GKL",
    "ap-northeast-2": "Z20JF4UZKIW1U8",
    "ap-south-1": "Z3VO1THU9YC4UR",
    "ap-southeast-1": "ZL327KTPIQFUL",
    "ap-southeast-2": "Z2RPCDW04V8134",
    "ca-central-1": "Z19DQILCV0OWEC",
    "eu-central-1": "Z1U9ULNL0V5AJ3",
    "eu-north-1": "Z3UWIKFBOOGXPP",
    "eu-west-1": "ZLY8HYME6SFDD",
    "eu-west-2": "ZJ5UAJN8Y3Z2Q",
    "eu-west-3": "Z3KY65QIEKYHQQ",
    "sa-east-1": "ZCMLWB8V5SYIT",
    "us-east-1": "Z1UJRXOUMOOFQ8",
    "us-east-2": "ZOJJZC49E0EPZ",
    "us-west-1": "Z2MUQ32089INYE",
    "us-west-2": "Z2OJLYMUO9EFXC",
}


def regional_domain_name(row: DomainName) -> str:
    """Where DNS points a regional name to."""
    return f"{row.regional_label}.execute-api.{row.region}.amazonaws.com"


def distribution_domain_name(row: DomainName) -> str:
    """Where DNS points an edge-optimized name to."""
    return f"{row.distribution_label}.cloudfront.net"


def regional_hosted_zone_id(region: str) -> str:
    """The hosted zone of a region's endpoints. A region that AWS has no zone for, such as one of one's own, gets a lasting one."""
    known = _ZONES.get(region)
    return known or "Z" + hashlib.sha256(region.encode()).hexdigest()[:13].upper()
