"""REST APIs (V1) as they are being edited. Members and defaults are AWS's, under snake_case names."""

from __future__ import annotations

from django.db import models

from apps.accounts.models import Account
from apps.core import ids


class RestApi(models.Model):
    """An API: the root of everything below it. `draft_revision` grows with every change of what a deployment would freeze."""

    id = models.CharField(primary_key=True, max_length=10, default=ids.rest_api_id)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="rest_apis")
    region = models.CharField(max_length=32)
    name = models.CharField(max_length=1024)
    description = models.TextField(null=True, blank=True)  # noqa: DJ001 - absent and empty differ on the wire
    version = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001
    created = models.DateTimeField(auto_now_add=True)
    binary_media_types = models.JSONField(default=list)
    minimum_compression_size = models.IntegerField(null=True, blank=True)
    api_key_source = models.CharField(max_length=16, default="HEADER")
    endpoint_configuration = models.JSONField(default=dict)
    policy = models.TextField(null=True, blank=True)  # noqa: DJ001
    disable_execute_api_endpoint = models.BooleanField(default=False)
    security_policy = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001
    endpoint_access_mode = models.CharField(max_length=16, null=True, blank=True)  # noqa: DJ001
    warnings = models.JSONField(default=list)
    draft_revision = models.PositiveBigIntegerField(default=1)
    # Documentation parts of an import until documentation has rows of its own: {"info": …, "servers": …, "tags": …}.
    openapi_info = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["account", "region", "id"], name="rest_apis_of_region")]


class Resource(models.Model):
    """A node of the resource tree. `path` is whole and derived: the operations keep it true when a parent moves."""

    rest_api = models.ForeignKey(RestApi, on_delete=models.CASCADE, related_name="resources")
    resource_id = models.CharField(max_length=10, default=ids.resource_id)
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="children")
    path_part = models.CharField(max_length=1024, blank=True)
    path = models.CharField(max_length=8192)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rest_api", "resource_id"], name="one_resource_per_id"),
            models.UniqueConstraint(fields=["parent", "path_part"], name="one_child_per_path_part"),
            models.UniqueConstraint(fields=["rest_api"], condition=models.Q(parent=None), name="one_root_per_api"),
        ]


class Method(models.Model):
    """An HTTP method (or ANY) of a resource."""

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="methods")
    http_method = models.CharField(max_length=16)
    authorization_type = models.CharField(max_length=64, default="NONE")
    authorizer_id = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001
    authorization_scopes = models.JSONField(default=list)
    api_key_required = models.BooleanField(default=False)
    operation_name = models.CharField(max_length=1024, null=True, blank=True)  # noqa: DJ001
    request_validator_id = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001
    request_parameters = models.JSONField(default=dict)
    request_models = models.JSONField(default=dict)
    # What an imported document says of the operation for people (summary, description, tags), kept for export and docs.
    documentation = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["resource", "http_method"], name="one_method_per_verb")]


class MethodResponse(models.Model):
    """A status that a method may answer with."""

    method = models.ForeignKey(Method, on_delete=models.CASCADE, related_name="responses")
    status_code = models.CharField(max_length=3)
    response_parameters = models.JSONField(default=dict)
    response_models = models.JSONField(default=dict)
    description = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["method", "status_code"], name="one_method_response_per_status")]


class Integration(models.Model):
    """What stands behind a method."""

    method = models.OneToOneField(Method, on_delete=models.CASCADE, related_name="integration")
    type = models.CharField(max_length=16)
    http_method = models.CharField(max_length=16, null=True, blank=True)  # noqa: DJ001
    uri = models.TextField(null=True, blank=True)  # noqa: DJ001
    connection_type = models.CharField(max_length=16, null=True, blank=True)  # noqa: DJ001
    connection_id = models.CharField(max_length=1024, null=True, blank=True)  # noqa: DJ001
    credentials = models.CharField(max_length=2048, null=True, blank=True)  # noqa: DJ001
    request_parameters = models.JSONField(default=dict)
    request_templates = models.JSONField(default=dict)
    passthrough_behavior = models.CharField(max_length=32, default="WHEN_NO_MATCH")
    content_handling = models.CharField(max_length=32, null=True, blank=True)  # noqa: DJ001
    timeout_in_millis = models.PositiveIntegerField(default=29_000)
    cache_namespace = models.CharField(max_length=1024, null=True, blank=True)  # noqa: DJ001
    cache_key_parameters = models.JSONField(default=list)
    tls_config = models.JSONField(null=True, blank=True)
    integration_target = models.CharField(max_length=2048, null=True, blank=True)  # noqa: DJ001
    response_transfer_mode = models.CharField(max_length=16, default="BUFFERED")


class IntegrationResponse(models.Model):
    """How a back end's answer becomes the method response of `status_code`."""

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="responses")
    status_code = models.CharField(max_length=3)
    selection_pattern = models.TextField(null=True, blank=True)  # noqa: DJ001
    response_parameters = models.JSONField(default=dict)
    response_templates = models.JSONField(default=dict)
    content_handling = models.CharField(max_length=32, null=True, blank=True)  # noqa: DJ001

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["integration", "status_code"], name="one_integration_response_per_status")
        ]


class ApiModel(models.Model):
    """A JSON schema by name (AWS's Model). `schema` is kept as it was written."""

    rest_api = models.ForeignKey(RestApi, on_delete=models.CASCADE, related_name="models")
    model_id = models.CharField(max_length=10, default=ids.resource_id)
    name = models.CharField(max_length=256)
    description = models.TextField(null=True, blank=True)  # noqa: DJ001
    content_type = models.CharField(max_length=128, default="application/json")
    schema = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rest_api", "name"], name="one_model_per_name")]
