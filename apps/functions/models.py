"""Lambda functions: their versions, aliases, policies and code."""

from __future__ import annotations

import json
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils import timezone

from apps.accounts.models import Account
from apps.accounts.written_json import WrittenJSONField
from apps.core.function_names import FunctionName
from apps.core.secrets import SecretBox

LATEST = "$LATEST"


def revision_id() -> str:
    return str(uuid4())


def environment_box() -> SecretBox:
    """What seals environment variables, for the rows and for the function host alike."""
    return SecretBox(settings.ENVIRONMENT.derived_key("function-environment"))


class FunctionCode(models.Model):
    """A deployment package by the SHA-256 of its bytes: functions that have the same one share it."""

    digest = models.CharField(primary_key=True, max_length=64)
    body = models.BinaryField()
    size = models.PositiveIntegerField()


class Function(models.Model):
    """A function by its name. What it is made of is in its versions, of which `$LATEST` is the one that is edited."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="functions")
    region = models.CharField(max_length=32)
    name = models.CharField(max_length=140)
    last_version = models.PositiveIntegerField(default=0)
    reserved_concurrency = models.PositiveIntegerField(null=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "region", "name"], name="one_function_per_name")]

    @property
    def named(self) -> FunctionName:
        return FunctionName(self.account_id, self.region, self.name)


class FunctionVersion(models.Model):
    """`$LATEST`, or a version that was published and does not change any more. `environment` is sealed as the host opens it."""

    function = models.ForeignKey(Function, on_delete=models.CASCADE, related_name="versions")
    version = models.CharField(max_length=20, default=LATEST)
    description = models.CharField(max_length=256, blank=True)
    role = models.CharField(max_length=2048)
    runtime = models.CharField(max_length=32)
    handler = models.CharField(max_length=128)
    timeout = models.PositiveIntegerField(default=3)
    memory_size = models.PositiveIntegerField(default=128)
    environment = models.TextField(null=True)  # noqa: DJ001 - absent and empty differ on the wire
    architectures = WrittenJSONField(default=list)
    code = models.ForeignKey(FunctionCode, on_delete=models.PROTECT, related_name="versions")
    last_modified = models.DateTimeField(default=timezone.now)
    revision_id = models.CharField(max_length=36, default=revision_id)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["function", "version"], name="one_version_per_number")]

    @property
    def variables(self) -> dict[str, str] | None:
        """The environment variables; None when none were ever given."""
        return None if self.environment is None else dict(json.loads(environment_box().open(self.environment)))

    @variables.setter
    def variables(self, variables: dict[str, str]) -> None:
        self.environment = environment_box().seal(json.dumps(variables, sort_keys=True))


class FunctionAlias(models.Model):
    """A name for a version. `weights` are the shares of invocations that go to other versions."""

    function = models.ForeignKey(Function, on_delete=models.CASCADE, related_name="aliases")
    name = models.CharField(max_length=128)
    version = models.CharField(max_length=20)
    description = models.CharField(max_length=256, blank=True)
    weights = WrittenJSONField(default=dict)
    revision_id = models.CharField(max_length=36, default=revision_id)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["function", "name"], name="one_alias_per_name")]


class FunctionPolicy(models.Model):
    """The resource policy of a function (under the empty qualifier), of one version or of one alias."""

    function = models.ForeignKey(Function, on_delete=models.CASCADE, related_name="policies")
    qualifier = models.CharField(max_length=128, blank=True)
    statements = WrittenJSONField(default=list)
    revision_id = models.CharField(max_length=36, default=revision_id)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["function", "qualifier"], name="one_policy_per_qualifier")]

    @property
    def document(self) -> str:
        policy = {"Version": "2012-10-17", "Id": "default", "Statement": self.statements}
        return json.dumps(policy, separators=(",", ":"))
