"""HTTP and WebSocket APIs (V2) as they are being edited, their deployments and stages. Members and defaults are AWS's."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils import timezone

from apps.accounts.models import Account
from apps.accounts.written_json import WrittenJSONField
from apps.core import ids

PREPARATION = timedelta(seconds=1)


class Api(models.Model):
    """An API: the root of everything below it. `draft_revision` grows with every change of what a deployment would freeze."""

    id = models.CharField(primary_key=True, max_length=10, default=ids.api_id)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="apis")
    region = models.CharField(max_length=32)
    name = models.CharField(max_length=128)
    protocol_type = models.CharField(max_length=16)
    description = models.TextField(null=True, blank=True)  # noqa: DJ001 - absent and empty differ on the wire
    version = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001
    route_selection_expression = models.CharField(max_length=1024)
    api_key_selection_expression = models.CharField(max_length=1024)
    cors_configuration = WrittenJSONField(null=True, blank=True)
    disable_schema_validation = models.BooleanField(null=True)
    disable_execute_api_endpoint = models.BooleanField(default=False)
    ip_address_type = models.CharField(max_length=16, default="ipv4")
    created = models.DateTimeField(auto_now_add=True)
    import_info = WrittenJSONField(default=list)
    warnings = WrittenJSONField(default=list)
    draft_revision = models.PositiveBigIntegerField(default=1)

    class Meta:
        indexes = [models.Index(fields=["account", "region", "id"], name="v2_apis_of_region")]

    @property
    def websocket(self) -> bool:
        return self.protocol_type == "WEBSOCKET"


class Integration(models.Model):
    """What stands behind routes. `response_parameters` are mappings by status."""

    api = models.ForeignKey(Api, on_delete=models.CASCADE, related_name="integrations")
    integration_id = models.CharField(max_length=10, default=ids.route_id)
    api_gateway_managed = models.BooleanField(default=False)
    integration_type = models.CharField(max_length=16)
    integration_subtype = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001
    integration_uri = models.TextField(null=True, blank=True)  # noqa: DJ001
    integration_method = models.CharField(max_length=16, null=True, blank=True)  # noqa: DJ001
    connection_type = models.CharField(max_length=16, default="INTERNET")
    connection_id = models.CharField(max_length=1024, null=True, blank=True)  # noqa: DJ001
    credentials_arn = models.CharField(max_length=2048, null=True, blank=True)  # noqa: DJ001
    description = models.TextField(null=True, blank=True)  # noqa: DJ001
    payload_format_version = models.CharField(max_length=8, null=True, blank=True)  # noqa: DJ001
    request_parameters = WrittenJSONField(default=dict)
    response_parameters = WrittenJSONField(default=dict)
    request_templates = WrittenJSONField(default=dict)
    template_selection_expression = models.CharField(max_length=1024, null=True, blank=True)  # noqa: DJ001
    integration_response_selection_expression = models.CharField(max_length=1024, null=True, blank=True)  # noqa: DJ001
    passthrough_behavior = models.CharField(max_length=32, null=True, blank=True)  # noqa: DJ001
    content_handling_strategy = models.CharField(max_length=32, null=True, blank=True)  # noqa: DJ001
    timeout_in_millis = models.PositiveIntegerField()
    tls_config = WrittenJSONField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["api", "integration_id"], name="one_v2_integration_per_id")]


class IntegrationResponse(models.Model):
    """How a back end's answer becomes a message of a WebSocket API."""

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="responses")
    integration_response_id = models.CharField(max_length=10, default=ids.v2_id)
    integration_response_key = models.CharField(max_length=1024)
    content_handling_strategy = models.CharField(max_length=32, null=True, blank=True)  # noqa: DJ001
    response_parameters = WrittenJSONField(default=dict)
    response_templates = WrittenJSONField(default=dict)
    template_selection_expression = models.CharField(max_length=1024, null=True, blank=True)  # noqa: DJ001

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "integration_response_key"], name="one_v2_integration_response_per_key"
            )
        ]


class Authorizer(models.Model):
    """Who decides whether a caller may: a Lambda function (REQUEST) or the issuer of JWTs."""

    api = models.ForeignKey(Api, on_delete=models.CASCADE, related_name="authorizers")
    authorizer_id = models.CharField(max_length=10, default=ids.v2_id)
    name = models.CharField(max_length=128)
    authorizer_type = models.CharField(max_length=16)
    identity_source = WrittenJSONField(default=list)
    authorizer_uri = models.CharField(max_length=2048, null=True, blank=True)  # noqa: DJ001
    authorizer_credentials_arn = models.CharField(max_length=2048, null=True, blank=True)  # noqa: DJ001
    authorizer_payload_format_version = models.CharField(max_length=8, null=True, blank=True)  # noqa: DJ001
    authorizer_result_ttl_in_seconds = models.PositiveIntegerField(null=True, blank=True)
    enable_simple_responses = models.BooleanField(null=True)
    identity_validation_expression = models.TextField(null=True, blank=True)  # noqa: DJ001
    jwt_configuration = WrittenJSONField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["api", "authorizer_id"], name="one_v2_authorizer_per_id"),
            models.UniqueConstraint(fields=["api", "name"], name="one_v2_authorizer_per_name"),
        ]


class Route(models.Model):
    """Where a request or message goes. Its target is an integration of the same API, its authorizer one of the same API."""

    api = models.ForeignKey(Api, on_delete=models.CASCADE, related_name="routes")
    route_id = models.CharField(max_length=10, default=ids.route_id)
    route_key = models.CharField(max_length=1024)
    api_gateway_managed = models.BooleanField(default=False)
    integration = models.ForeignKey(
        Integration, on_delete=models.RESTRICT, null=True, blank=True, related_name="routes"
    )
    authorization_type = models.CharField(max_length=16, default="NONE")
    authorizer = models.ForeignKey(Authorizer, on_delete=models.RESTRICT, null=True, blank=True, related_name="routes")
    authorization_scopes = WrittenJSONField(default=list)
    api_key_required = models.BooleanField(default=False)
    operation_name = models.CharField(max_length=1024, null=True, blank=True)  # noqa: DJ001
    model_selection_expression = models.CharField(max_length=1024, null=True, blank=True)  # noqa: DJ001
    request_models = WrittenJSONField(default=dict)
    request_parameters = WrittenJSONField(default=dict)
    route_response_selection_expression = models.CharField(max_length=1024, null=True, blank=True)  # noqa: DJ001

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["api", "route_id"], name="one_route_per_id"),
            models.UniqueConstraint(fields=["api", "route_key"], name="one_route_per_key"),
        ]


class RouteResponse(models.Model):
    """That, and how, a route of a WebSocket API answers the client."""

    route = models.ForeignKey(Route, on_delete=models.CASCADE, related_name="responses")
    route_response_id = models.CharField(max_length=10, default=ids.v2_id)
    route_response_key = models.CharField(max_length=1024)
    model_selection_expression = models.CharField(max_length=1024, null=True, blank=True)  # noqa: DJ001
    response_models = WrittenJSONField(default=dict)
    response_parameters = WrittenJSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["route", "route_response_key"], name="one_route_response_per_key")
        ]


class ApiModel(models.Model):
    """A JSON schema by name (AWS's Model). `schema` is kept as it was written."""

    api = models.ForeignKey(Api, on_delete=models.CASCADE, related_name="models")
    model_id = models.CharField(max_length=10, default=ids.v2_id)
    name = models.CharField(max_length=128)
    description = models.TextField(null=True, blank=True)  # noqa: DJ001
    content_type = models.CharField(max_length=256, default="application/json")
    schema = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["api", "name"], name="one_v2_model_per_name")]


class Deployment(models.Model):
    """An API as it was at one moment: its document never changes. A FAILED one has none, and says why."""

    api = models.ForeignKey(Api, on_delete=models.CASCADE, related_name="deployments")
    deployment_id = models.CharField(max_length=10, default=ids.deployment_id)
    description = models.TextField(null=True, blank=True)  # noqa: DJ001
    auto_deployed = models.BooleanField(default=False)
    deployment_status = models.CharField(max_length=16, default="DEPLOYED")
    deployment_status_message = models.TextField(null=True, blank=True)  # noqa: DJ001
    created = models.DateTimeField(auto_now_add=True)
    document = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["api", "deployment_id"], name="one_v2_deployment_per_id")]


class Stage(models.Model):
    """A named pointer to a deployment, or to none yet, with settings that act without deploying again."""

    api = models.ForeignKey(Api, on_delete=models.CASCADE, related_name="stages")
    name = models.CharField(max_length=128)
    deployment = models.ForeignKey(Deployment, on_delete=models.RESTRICT, null=True, blank=True, related_name="stages")
    api_gateway_managed = models.BooleanField(default=False)
    auto_deploy = models.BooleanField(default=False)
    description = models.TextField(null=True, blank=True)  # noqa: DJ001
    client_certificate_id = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001
    stage_variables = WrittenJSONField(default=dict)
    default_route_settings = WrittenJSONField(default=dict)
    route_settings = WrittenJSONField(default=dict)
    access_log_settings = WrittenJSONField(null=True, blank=True)
    last_deployment_status_message = models.TextField(null=True, blank=True)  # noqa: DJ001
    # How often the authorizers' cache was reset: the number is part of the runtime's cache keys.
    authorizers_cache_flushes = models.PositiveIntegerField(default=0)
    created = models.DateTimeField(auto_now_add=True)
    last_updated = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["api", "name"], name="one_v2_stage_per_name")]


class VpcLink(models.Model):
    """A link into subnets of a VPC (V2). Nothing has to be built; it is PENDING for a moment, as AWS's are for minutes."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="v2_vpc_links")
    region = models.CharField(max_length=32)
    link_id = models.CharField(max_length=10, default=ids.vpc_link_id)
    name = models.CharField(max_length=128)
    security_group_ids = WrittenJSONField(default=list)
    subnet_ids = WrittenJSONField(default=list)
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "region", "link_id"], name="one_v2_vpc_link_per_id")]

    @property
    def status(self) -> str:
        """PENDING at first, then AVAILABLE."""
        return "PENDING" if timezone.now() < self.created + PREPARATION else "AVAILABLE"
