"""How integrations reach AWS services: with which credentials, and where."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from apps.core.aws_services import host_of
from apps.core.sigv4_signing import AwsCredentials

_NOT_IN_NAMES = re.compile(r"[^A-Z0-9]")


@dataclass(frozen=True)
class AwsAccess:
    """The operator's decisions. `accounts` may call services with the credentials, None means all. `endpoint_url` stands for every service but those that `endpoint_urls` names as settings do
    (`SQS`, `STREAMS_DYNAMODB`); without either a service is called at AWS. Where `assumes_roles` is false the credentials themselves
    sign for whatever role an integration names."""

    credentials: AwsCredentials | None = None
    accounts: frozenset[str] | None = None
    endpoint_url: str | None = None
    endpoint_urls: Mapping[str, str] = field(default_factory=dict)
    assumes_roles: bool = True

    def credentials_of(self, account_id: str) -> AwsCredentials | None:
        """What an account's integrations are signed with; None when they may not call services."""
        return self.credentials if self.accounts is None or account_id in self.accounts else None

    def own_end_point(self, name: str) -> str | None:
        """The end point that is set for a service, without a trailing slash; None for that of AWS."""
        return self.endpoint_urls.get(_NOT_IN_NAMES.sub("_", name.upper())) or self.endpoint_url

    def end_point(self, name: str, region: str, partition: str) -> str:
        """Where a service is called, `https://sqs.us-east-1.amazonaws.com`."""
        return self.own_end_point(name) or f"https://{host_of(name, region, partition)}"
