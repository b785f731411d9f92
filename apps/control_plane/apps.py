"""The Django app that holds the operations."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig

OPERATION_MODULES = (
    "v1.rest_apis",
    "v1.resources",
    "v1.methods",
    "v1.method_responses",
    "v1.integrations",
    "v1.integration_responses",
    "v1.models",
    "v1.request_validators",
    "v1.authorizers",
    "v1.gateway_responses",
    "v1.documentation_parts",
    "v1.documentation_versions",
    "v1.imports",
    "v1.exports",
    "v1.deployments",
    "v1.stages",
    "v1.stage_caches",
    "v1.tags",
    "v1.api_keys",
    "v1.usage_plans",
    "v1.usage_plan_keys",
    "v1.usage",
    "v1.account",
    "v1.client_certificates",
    "v1.vpc_links",
    "v1.test_invocations",
    "v1.sdks",
    "v1.domain_names",
    "v1.base_path_mappings",
    "v1.domain_name_access_associations",
    "v2.apis",
    "v2.routes",
    "v2.route_responses",
    "v2.integrations",
    "v2.integration_responses",
    "v2.models",
    "v2.authorizers",
    "v2.deployments",
    "v2.stages",
    "v2.vpc_links",
    "v2.domain_names",
    "v2.api_mappings",
    "v2.routing_rules",
    "v2.tags",
    "v2.imports",
    "v2.exports",
    "v2.portals",
    "v2.portal_publications",
    "v2.portal_products",
    "v2.portal_product_sharing",
    "v2.product_pages",
    "v2.product_rest_endpoint_pages",
    "gatehouse.products",
    "gatehouse.applications",
    "gatehouse.subscriptions",
    "gatehouse.audiences",
    "gatehouse.portal_brand",
    "gatehouse.portal_pages",
    "gatehouse.lifecycle",
    "gatehouse.webhooks",
    "gatehouse.stages",
    "gatehouse.account",
    "gatehouse.metrics",
    "gatehouse.requests",
    "gatehouse.cors",
    "gatehouse.access_keys",
    "gatehouse.user_policies",
    "gatehouse.connections",
    "gatehouse.load_balancers",
    "gatehouse.certificates",
    "gatehouse.truststores",
    "gatehouse.oauth_clients",
    "sts.operations",
    "gatehouse.memberships",
    "lambda_api.functions",
    "lambda_api.packages",
    "lambda_api.configurations",
    "lambda_api.versions",
    "lambda_api.aliases",
    "lambda_api.permissions",
    "lambda_api.concurrency",
    "lambda_api.tags",
    "lambda_api.invocations",
)
"""Every module that declares operations. They are named here so that every process knows all of them."""


class ControlPlaneConfig(AppConfig):
    name = "apps.control_plane"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        for module in OPERATION_MODULES:
            import_module(f"{self.name}.{module}")
