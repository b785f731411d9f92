"""Which certificate an ARN names."""

from __future__ import annotations

import re

from apps.control_plane.acm.errors import InvalidArnException, in_acms_words
from apps.control_plane.caller import Caller
from apps.control_plane.gatehouse import certificates
from apps.domain_names.models import Certificate

_ARN = re.compile(r"arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/[\w-]+", re.ASCII)


def find_certificate(caller: Caller, arn: str) -> Certificate:
    """A certificate of the caller's region; raises InvalidArnException or ResourceNotFoundException."""
    if not _ARN.fullmatch(arn):
        raise InvalidArnException(f"The ARN is none of a certificate: {arn}")
    with in_acms_words():
        return certificates.find_certificate(caller, arn)
