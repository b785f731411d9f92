"""Where a REST API is reached: its endpoint type, its VPC endpoints, its kind of addresses."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.rest_apis.models import RestApi
from portal.console.fields import LinesField, Patch

_AT = "/endpointConfiguration"


class EndpointForm(forms.Form):
    """What of an API's form is its endpoint configuration."""

    endpoint_type = forms.ChoiceField(
        label="API endpoint type",
        required=False,
        choices=[("REGIONAL", "Regional"), ("EDGE", "Edge-optimized"), ("PRIVATE", "Private")],
        help_text="Private: only from VPC endpoints, and only as the resource policy allows. There is no edge here: edge-optimized "
        "APIs answer where regional ones do.",
    )
    vpc_endpoints = LinesField(
        label="VPC endpoint IDs", rows=2, placeholder="vpce-0a1b2c3d", help_text="Of a private API, one per line."
    )
    ip_address_type = forms.ChoiceField(
        label="IP address type",
        required=False,
        choices=[("", "As the endpoint type has it"), ("ipv4", "IPv4"), ("dualstack", "Dualstack")],
    )

    def configuration(self) -> dict[str, Any]:
        """The `endpointConfiguration` of CreateRestApi."""
        data = self.cleaned_data
        given = {"ipAddressType": data["ip_address_type"], "vpcEndpointIds": data["vpc_endpoints"]}
        return {
            "types": [data["endpoint_type"] or "REGIONAL"],
            **{name: value for name, value in given.items() if value},
        }

    def endpoint_patches(self, api: RestApi) -> list[Patch]:
        """What brings an API to it; the type comes first, because a new one resets the rest."""
        before, data = endpoint_values(api), self.cleaned_data
        patches = []
        if data["endpoint_type"] and data["endpoint_type"] != before["endpoint_type"]:
            patches.append({"op": "replace", "path": f"{_AT}/types/0", "value": data["endpoint_type"]})
        if data["ip_address_type"] and data["ip_address_type"] != before["ip_address_type"]:
            patches.append({"op": "replace", "path": f"{_AT}/ipAddressType", "value": data["ip_address_type"]})
        known, wanted = before["vpc_endpoints"], data["vpc_endpoints"]
        patches += [_vpc_endpoint("remove", one) for one in known if one not in wanted]
        return patches + [_vpc_endpoint("add", one) for one in wanted if one not in known]


def endpoint_values(api: RestApi) -> dict[str, Any]:
    """What the form begins with."""
    found = api.endpoint_configuration
    return {
        "endpoint_type": (found.get("types") or ["EDGE"])[0],
        "ip_address_type": found.get("ipAddressType", ""),
        "vpc_endpoints": found.get("vpcEndpointIds", []),
    }


def _vpc_endpoint(op: str, name: str) -> Patch:
    return {"op": op, "path": f"{_AT}/vpcEndpointIds", "value": name}
