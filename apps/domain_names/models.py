"""Custom domain names, what their paths lead to, and who may reach private ones."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils import timezone

from apps.accounts.models import Account
from apps.accounts.sealed import SealedTextField
from apps.accounts.written_json import WrittenJSONField
from apps.core import ids
from apps.rest_apis.models import RestApi
from apps.v2_apis.models import Api

# AWS rolls a change of certificates, policy or endpoint out over minutes; nothing has to be rolled out here, but whoever waits for
# AVAILABLE goes the way that it goes there.
ROLL_OUT = timedelta(seconds=1)


class DomainName(models.Model):
    """A host name under which APIs are reached. Members are AWS's, under snake_case names.

    `domain_name_id` tells private names apart, of which each account may have its own of one name; of a public name it is empty.
    Certificates of ACM are known by their ARN alone; one that was handed over is kept here, its private key sealed.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="domain_names")
    region = models.CharField(max_length=32)
    name = models.CharField(max_length=512)
    domain_name_id = models.CharField(max_length=10, blank=True)
    endpoint_configuration = WrittenJSONField(default=dict)
    certificate_name = models.CharField(max_length=256, null=True, blank=True)  # noqa: DJ001
    certificate_arn = models.CharField(max_length=2048, null=True, blank=True)  # noqa: DJ001
    certificate_upload_date = models.DateTimeField(null=True, blank=True)
    certificate_body = models.TextField(blank=True)
    certificate_chain = models.TextField(blank=True)
    certificate_private_key = SealedTextField(null=True, blank=True)
    regional_certificate_name = models.CharField(max_length=256, null=True, blank=True)  # noqa: DJ001
    regional_certificate_arn = models.CharField(max_length=2048, null=True, blank=True)  # noqa: DJ001
    ownership_verification_certificate_arn = models.CharField(max_length=2048, null=True, blank=True)  # noqa: DJ001
    regional_label = models.CharField(max_length=16, default=ids.regional_domain_label)
    distribution_label = models.CharField(max_length=16, default=ids.distribution_label)
    security_policy = models.CharField(max_length=64)
    endpoint_access_mode = models.CharField(max_length=16, null=True, blank=True)  # noqa: DJ001
    mutual_tls_authentication = WrittenJSONField(null=True, blank=True)
    policy = models.TextField(null=True, blank=True)  # noqa: DJ001
    management_policy = models.TextField(null=True, blank=True)  # noqa: DJ001
    routing_mode = models.CharField(max_length=64, default="BASE_PATH_MAPPING_ONLY")
    created = models.DateTimeField(auto_now_add=True)
    rolled_out = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["region", "name"], condition=models.Q(domain_name_id=""), name="one_public_domain_name"
            ),
            models.UniqueConstraint(
                fields=["account", "region", "name"],
                condition=~models.Q(domain_name_id=""),
                name="one_private_domain_name_per_account",
            ),
        ]

    @property
    def types(self) -> list[str]:
        types: list[str] = self.endpoint_configuration["types"]
        return types

    @property
    def private(self) -> bool:
        return bool(self.domain_name_id)

    @property
    def status(self) -> str:
        """UPDATING while a change is rolled out, then AVAILABLE."""
        return "UPDATING" if timezone.now() < self.rolled_out else "AVAILABLE"

    @property
    def arn(self) -> str:
        """A private name's ARN has its account and its id: others use it."""
        if self.private:
            return f"arn:aws:apigateway:{self.region}:{self.account_id}:/domainnames/{self.name}+{self.domain_name_id}"
        return f"arn:aws:apigateway:{self.region}::/domainnames/{self.name}"


class BasePathMapping(models.Model):
    """The first segment of a path (empty for all paths) and the API it leads to; without `stage` the next segment names it.

    Made as an API mapping of V2 it may have several segments. `mapping_id` is how V2 knows it.
    """

    mapping_id = models.CharField(max_length=10, default=ids.v2_id)
    domain_name = models.ForeignKey(DomainName, on_delete=models.CASCADE, related_name="base_path_mappings")
    base_path = models.CharField(max_length=300, blank=True)
    rest_api = models.ForeignKey(RestApi, on_delete=models.RESTRICT, related_name="base_path_mappings")
    stage = models.CharField(max_length=128, null=True, blank=True)  # noqa: DJ001 - absent and empty differ on the wire

    class Meta:
        constraints = [models.UniqueConstraint(fields=["domain_name", "base_path"], name="one_mapping_per_base_path")]


class AccessAssociation(models.Model):
    """A VPC endpoint, in the account of its owner, from which a private domain name is reached (AWS's DomainNameAccessAssociation)."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="domain_name_access_associations")
    region = models.CharField(max_length=32)
    domain_name = models.ForeignKey(DomainName, on_delete=models.CASCADE, related_name="access_associations")
    host = models.CharField(max_length=512)
    source_type = models.CharField(max_length=16, default="VPCE")
    source = models.CharField(max_length=64)

    class Meta:
        constraints = [
            # One endpoint cannot tell two private names of the same name apart.
            models.UniqueConstraint(
                fields=["account", "region", "host", "source"], name="one_association_per_name_and_endpoint"
            )
        ]

    @property
    def arn(self) -> str:
        return f"arn:aws:apigateway:{self.region}:{self.account_id}:{self.path}"

    @property
    def path(self) -> str:
        return f"/domainnameaccessassociations/domainname/{self.host}/vpcesource/{self.source}"


class ApiMapping(models.Model):
    """The first segments of a path (none for all paths) and the stage of an HTTP or WebSocket API that they lead to.

    What leads to REST APIs is a `BasePathMapping`, also when it was made as an API mapping: the two are one thing, and V1 shows
    only what it could have made itself.
    """

    domain_name = models.ForeignKey(DomainName, on_delete=models.CASCADE, related_name="api_mappings")
    mapping_id = models.CharField(max_length=10, default=ids.v2_id)
    mapping_key = models.CharField(max_length=300, blank=True)
    api = models.ForeignKey(Api, on_delete=models.RESTRICT, related_name="api_mappings")
    stage = models.CharField(max_length=128)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["domain_name", "mapping_key"], name="one_api_mapping_per_key")]


class RoutingRule(models.Model):
    """Where requests with certain headers or base paths go. `conditions` and `action` are in AWS's shape; no condition is always met."""

    domain_name = models.ForeignKey(DomainName, on_delete=models.CASCADE, related_name="routing_rules")
    rule_id = models.CharField(max_length=10, default=ids.v2_id)
    priority = models.PositiveIntegerField()
    conditions = WrittenJSONField(default=list)
    rest_api = models.ForeignKey(RestApi, on_delete=models.RESTRICT, related_name="routing_rules")
    stage = models.CharField(max_length=128)
    strip_base_path = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["domain_name", "priority"], name="one_routing_rule_per_priority")
        ]


class Certificate(models.Model):
    """What ACM would keep: a certificate and its chain (PEM), its private key, sealed, and what the certificate says of itself."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="certificates")
    region = models.CharField(max_length=32)
    certificate_id = models.CharField(max_length=36, default=ids.certificate_id)
    body = models.TextField()
    chain = models.TextField(blank=True)
    private_key = SealedTextField()
    imported = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "region", "certificate_id"], name="one_certificate_per_id")
        ]

    @property
    def arn(self) -> str:
        return f"arn:aws:acm:{self.region}:{self.account_id}:certificate/{self.certificate_id}"


class Truststore(models.Model):
    """What stands for a trust store's address: certificates of authorities (PEM). `version` is that of the object in S3, empty for the newest."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="truststores")
    uri = models.CharField(max_length=1100)
    version = models.CharField(max_length=1024, blank=True)
    certificates = models.TextField()
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "uri", "version"], name="one_truststore_per_uri_and_version")
        ]
