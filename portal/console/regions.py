"""The regions that the console offers. A region is a name under which APIs are kept apart; nothing runs elsewhere."""

from __future__ import annotations

from django.conf import settings

_OTHERS = (
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "ca-central-1",
    "sa-east-1",
    "eu-central-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-north-1",
    "eu-south-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "af-south-1",
    "me-south-1",
)
HOME: str = settings.ENVIRONMENT.region
REGIONS = tuple(dict.fromkeys((HOME, *_OTHERS)))


def known_region(name: str) -> str:
    """The region if it is one, else the installation's own."""
    return name if name in REGIONS else HOME
