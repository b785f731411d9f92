"""REST APIs (V1) as they are being edited. Members and defaults are AWS's, under snake_case names."""

from __future__ import annotations

from django.db import models

from apps.accounts.models import Account
from apps.accounts.written_json import WrittenJSONField
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
    binary_media_types = WrittenJSONField(default=list)
    minimum_compression_size = models.IntegerField(null=True, blank=True)
    api_key_source = models.CharField(max_length=16, default="HEADER")
    endpoint_configuration = WrittenJSONField(default=dict)
    policy = models.TextField(null=True, blank=True)  # noqa: DJ001
    disable_execute_api_endpoint = models.BooleanField(default=False)
    security_policy = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001
    endpoint_access_mode = models.CharField(max_length=16, null=True, blank=True)  # noqa: DJ001
    warnings = WrittenJSONField(default=list)
    draft_revision = models.PositiveBigIntegerField(default=1)
    # What an imported document says of the API beyond its documentation parts: {"info": …, "tags": …, "externalDocs": …}.
    openapi_info = WrittenJSONField(default=dict)

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
    authorization_scopes = WrittenJSONField(default=list)
    api_key_required = models.BooleanField(default=False)
    operation_name = models.CharField(max_length=1024, null=True, blank=True)  # noqa: DJ001
    request_validator_id = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001
    request_parameters = WrittenJSONField(default=dict)
    request_models = WrittenJSONField(default=dict)
    # Schemas and examples of an imported document's parameters, which documentation parts have no place for.
    documentation = WrittenJSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["resource", "http_method"], name="one_method_per_verb")]


class MethodResponse(models.Model):
    """A status that a method may answer with."""

    method = models.ForeignKey(Method, on_delete=models.CASCADE, related_name="responses")
    status_code = models.CharField(max_length=3)
    response_parameters = WrittenJSONField(default=dict)
    response_models = WrittenJSONField(default=dict)
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
    request_parameters = WrittenJSONField(default=dict)
    request_templates = WrittenJSONField(default=dict)
    # Whether templates were put, be it an empty map: AWS shows such a map again, and none where none was put.
    templates_given = models.BooleanField(default=False)
    passthrough_behavior = models.CharField(max_length=32, default="WHEN_NO_MATCH")
    content_handling = models.CharField(max_length=32, null=True, blank=True)  # noqa: DJ001
    timeout_in_millis = models.PositiveIntegerField(default=29_000)
    cache_namespace = models.CharField(max_length=1024, null=True, blank=True)  # noqa: DJ001
    cache_key_parameters = WrittenJSONField(default=list)
    tls_config = WrittenJSONField(null=True, blank=True)
    integration_target = models.CharField(max_length=2048, null=True, blank=True)  # noqa: DJ001
    response_transfer_mode = models.CharField(max_length=16, default="BUFFERED")


class IntegrationResponse(models.Model):
    """How a back end's answer becomes the method response of `status_code`."""

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="responses")
    status_code = models.CharField(max_length=3)
    selection_pattern = models.TextField(null=True, blank=True)  # noqa: DJ001
    response_parameters = WrittenJSONField(default=dict)
    response_templates = WrittenJSONField(default=dict)
    templates_given = models.BooleanField(default=False)
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


class RequestValidator(models.Model):
    """What is checked of a request before a method hands it on: its body, its parameters, or both."""

    rest_api = models.ForeignKey(RestApi, on_delete=models.CASCADE, related_name="request_validators")
    validator_id = models.CharField(max_length=10, default=ids.resource_id)
    name = models.CharField(max_length=256, null=True, blank=True)  # noqa: DJ001
    validate_request_body = models.BooleanField(default=False)
    validate_request_parameters = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rest_api", "validator_id"], name="one_validator_per_id")]


class Authorizer(models.Model):
    """Who decides whether a caller may: a Lambda function (TOKEN, REQUEST), Cognito user pools, or issuers of JWTs."""

    rest_api = models.ForeignKey(RestApi, on_delete=models.CASCADE, related_name="authorizers")
    authorizer_id = models.CharField(max_length=10, default=ids.resource_id)
    name = models.CharField(max_length=128)
    type = models.CharField(max_length=32)
    provider_arns = WrittenJSONField(default=list)
    auth_type = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001
    authorizer_uri = models.CharField(max_length=2048, null=True, blank=True)  # noqa: DJ001
    authorizer_credentials = models.CharField(max_length=2048, null=True, blank=True)  # noqa: DJ001
    identity_source = models.TextField(null=True, blank=True)  # noqa: DJ001
    identity_validation_expression = models.TextField(null=True, blank=True)  # noqa: DJ001
    authorizer_result_ttl_in_seconds = models.PositiveIntegerField(null=True, blank=True)
    jwt_configuration = WrittenJSONField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rest_api", "authorizer_id"], name="one_authorizer_per_id"),
            models.UniqueConstraint(fields=["rest_api", "name"], name="one_authorizer_per_name"),
        ]


class GatewayResponse(models.Model):
    """What the gateway itself answers in place of its default, by type. `status_code` None keeps the type's own."""

    rest_api = models.ForeignKey(RestApi, on_delete=models.CASCADE, related_name="gateway_responses")
    response_type = models.CharField(max_length=64)
    status_code = models.CharField(max_length=3, null=True, blank=True)  # noqa: DJ001
    response_parameters = WrittenJSONField(default=dict)
    response_templates = WrittenJSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rest_api", "response_type"], name="one_gateway_response_per_type")
        ]


class DocumentationPart(models.Model):
    """What is said to people about one place of the API; members that the type does not have are empty."""

    rest_api = models.ForeignKey(RestApi, on_delete=models.CASCADE, related_name="documentation_parts")
    part_id = models.CharField(max_length=10, default=ids.resource_id)
    type = models.CharField(max_length=32)
    path = models.CharField(max_length=8192, blank=True)
    method = models.CharField(max_length=16, blank=True)
    status_code = models.CharField(max_length=8, blank=True)
    name = models.CharField(max_length=1024, blank=True)
    # A digest of the location: the location itself is longer than what databases index.
    location_digest = models.CharField(max_length=64)
    properties = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rest_api", "part_id"], name="one_documentation_part_per_id"),
            models.UniqueConstraint(fields=["rest_api", "location_digest"], name="one_documentation_part_per_location"),
        ]


class DocumentationVersion(models.Model):
    """The documentation parts of an API as they were at one moment: `parts` are `{"location": …, "properties": text}`."""

    rest_api = models.ForeignKey(RestApi, on_delete=models.CASCADE, related_name="documentation_versions")
    version = models.CharField(max_length=64)
    description = models.TextField(null=True, blank=True)  # noqa: DJ001
    created = models.DateTimeField(auto_now_add=True)
    parts = WrittenJSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rest_api", "version"], name="one_documentation_version_per_name")
        ]
