"""What asks for a name to be typed before it goes, because nobody can bring it back: by the view that takes it away.

Views with a dialog of their own check the name themselves; what can be undone (`apps.control_plane.undo`) asks nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Confirmation:
    """What is asked: `key` is the part of the address, or the posted field, that names what goes. `owners` alone can do it."""

    title: str
    lost: tuple[str, ...]
    key: str
    verb: str = "Delete"
    owners: bool = False
    constant: str = ""
    """What is typed where nothing has a name."""

    def name_of(self, address: Mapping[str, Any], posted: Mapping[str, Any]) -> str:
        """The name to be typed; of an ARN or an address its last part."""
        name = self.constant or str(address.get(self.key) or posted.get(self.key) or "")
        return name.rstrip("/").rpartition("/")[2].strip()


CONFIRMED: dict[str, Confirmation] = {
    "remove_person": Confirmation(
        "Remove this person?",
        ("Their role in the account and their places in its teams", "Their access keys: what signs with one fails at once", "Their policies"),
        "name", "Remove", owners=True,
    ),
    "delete_access_key": Confirmation(
        "Delete this access key?", ("The key pair: nobody can make one with the same id or secret",), "key_id"
    ),
    "delete_client_certificate": Confirmation(
        "Delete this client certificate?",
        ("The certificate and its private key: back ends that trust it have to be given another",),
        "certificate_id",
    ),
    "delete_certificate": Confirmation(
        "Delete this certificate?", ("The certificate and its private key",), "arn"
    ),
    "delete_truststore": Confirmation(
        "Delete this trust store?", ("The authorities by which callers' certificates are verified",), "uri"
    ),
    "delete_function_alias": Confirmation(
        "Delete this alias?", ("The name: integrations that invoke the function by it fail at once",), "alias"
    ),
    "delete_function_file": Confirmation("Delete this file?", ("The file, from the code of the function",), "file"),
    "revoke_permission": Confirmation(
        "Revoke this permission?", ("The statement of the function's policy: the API that it admits cannot invoke it any more",),
        "statement", "Revoke",
    ),
    "remove_mapping": Confirmation(
        "Remove this mapping?", ("The way from the domain name to the API: its callers are answered 403 at once",), "mapping_id", "Remove"
    ),
    "v2_delete_mapping": Confirmation(
        "Remove this mapping?", ("The way from the domain name to the stage: its callers are answered 403 at once",), "mapping_id", "Remove"
    ),
    "remove_rule": Confirmation(
        "Remove this routing rule?", ("Its conditions and where it leads: calls go by the next rule at once",), "rule_id", "Remove"
    ),
    "end_access_association": Confirmation(
        "End this association?", ("The way from the VPC endpoint to the private domain name",), "association", "End"
    ),
    "forget_targets": Confirmation(
        "Forget these targets?", ("Where the load balancer's traffic goes: integrations that use it answer 500 at once",), "link_id", "Forget"
    ),
    "delete_load_balancer": Confirmation(
        "Let nothing stand for it?", ("Its targets: calls through links to it answer 500 at once",), "arn"
    ),
    "delete_subnet_link": Confirmation(
        "Delete this VPC link?", ("The link: integrations that go through it fail",), "link_id"
    ),
    "delete_vpc_link": Confirmation(
        "Delete this VPC link?", ("The link: integrations that go through it fail at the next deployment",), "link_id"
    ),
    "delete_aws_portal": Confirmation(
        "Delete this portal?", ("The portal with its preview, its publications and its looks",), "portal_id"
    ),
    "delete_portal_product": Confirmation(
        "Delete this product?", ("The product with all its pages, and whom it is shared with",), "product_id"
    ),
    "delete_portal_page": Confirmation("Delete this page?", ("Its text and its place in the product",), "page_id"),
    "delete_portal_endpoint_page": Confirmation(
        "Delete this page?", ("What it says about the method and its place in the product",), "page_id"
    ),
    "delete_logo": Confirmation("Delete the logo?", ("The picture: the portal shows its name alone",), "", constant="logo"),
    "delete_change": Confirmation(
        "Delete this changelog entry?", ("Its text. Mail that was sent is sent",), "entry_id"
    ),
    "delete_webhook": Confirmation(
        "Delete this webhook?", ("Its address, its secret, and what it has delivered",), "webhook_id"
    ),
    "rotate_webhook_secret": Confirmation(
        "Make a new secret?", ("The secret there is: receivers refuse what is signed with the new one until they know it",),
        "webhook_id", "Make a new secret",
    ),
    "rotate_oauth_client": Confirmation(
        "Make a new secret?", ("The secret there is: programs that use it get no token any more",), "client_id", "Make a new secret"
    ),
    "delete_oauth_client": Confirmation(
        "Delete this client?", ("The client and its secret: programs that use it get no token any more",), "client_id"
    ),
    "delete_page": Confirmation("Delete this page?", ("Its text and its address in the portal",), "slug"),
    "delete_audience": Confirmation(
        "Delete this audience?", ("Who belongs to it. What was shown to it alone is shown to nobody",), "name"
    ),
    "delete_deployment": Confirmation(
        "Delete this deployment?", ("What was deployed: no stage can go back to it",), "deployment_id"
    ),
    "v2_delete_deployment": Confirmation(
        "Delete this deployment?", ("What was deployed: no stage can go back to it",), "deployment_id"
    ),
}  # fmt: skip
"""By the name of the view's address."""
