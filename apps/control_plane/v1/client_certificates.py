"""Client certificates: by what a back end recognises calls from API Gateway."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from apps.client_certificates.issuing import issue
from apps.client_certificates.models import ClientCertificate
from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, too_many
from apps.control_plane.locking import hold
from apps.control_plane.paging import page, paged
from apps.control_plane.patching import LISTS_PATHS, PatchTable, optional_text, replaceable
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.tags import client_certificate_path, drop_tags, put_tags, tags_of, tags_of_all
from apps.core.secrets import Secret
from apps.deployments.models import Stage

MAX_CERTIFICATES = 60


@operation("GenerateClientCertificate")
def generate_client_certificate(caller: Caller, request: Shape) -> Shape:
    """A new certificate, valid for a year."""
    if ClientCertificate.objects.filter(account_id=caller.account_id, region=caller.region).count() >= MAX_CERTIFICATES:
        raise too_many("Client Certificates")
    now = timezone.now().replace(microsecond=0)
    issued = issue(now)
    row = ClientCertificate.objects.create(
        account_id=caller.account_id,
        region=caller.region,
        description=request.get("description"),
        certificate=issued.certificate,
        private_key=Secret(issued.private_key),
        created=now,
        expires=issued.expires,
    )
    put_tags(caller, client_certificate_path(row.certificate_id), request.get("tags"))
    return client_certificate_shape(row, tags_of(caller, client_certificate_path(row.certificate_id)))


@operation("GetClientCertificate")
def get_client_certificate(caller: Caller, request: Shape) -> Shape:
    """One certificate; its private key never leaves."""
    row = find_client_certificate(caller, request["clientCertificateId"])
    return client_certificate_shape(row, tags_of(caller, client_certificate_path(row.certificate_id)))


@operation("GetClientCertificates")
def get_client_certificates(caller: Caller, request: Shape) -> Shape:
    """The certificates, oldest first."""
    rows = ClientCertificate.objects.filter(account_id=caller.account_id, region=caller.region).defer("private_key")
    found, position = page(rows, request, "pk")
    tags = tags_of_all(caller, [client_certificate_path(row.certificate_id) for row in found])
    return paged(
        [client_certificate_shape(row, tags[client_certificate_path(row.certificate_id)]) for row in found], position
    )


@operation("UpdateClientCertificate")
def update_client_certificate(caller: Caller, request: Shape) -> Shape:
    """Patch a certificate's description; nothing else of it changes."""
    row = find_client_certificate(caller, request["clientCertificateId"])
    _PATCHES.apply(row, request.get("patchOperations"))
    row.save(update_fields=["description"])
    return client_certificate_shape(row, tags_of(caller, client_certificate_path(row.certificate_id)))


@operation("DeleteClientCertificate")
def delete_client_certificate(caller: Caller, request: Shape) -> Shape:
    """Delete a certificate that no stage shows."""
    row = find_client_certificate(caller, request["clientCertificateId"])
    hold(row)
    stages = Stage.objects.filter(
        rest_api__account_id=caller.account_id,
        rest_api__region=caller.region,
        client_certificate_id=row.certificate_id,
    ).order_by("rest_api_id", "name")
    used = [f"{rest_api_id}:{name}" for rest_api_id, name in stages.values_list("rest_api_id", "name")]
    if used:
        raise BadRequestException(
            f"Cannot delete client certificate. Client certificate '{row.certificate_id}', is referenced in "
            f"[{', '.join(used)}] in format of [RESTApiId:Stage]."
        )
    row.delete()
    drop_tags(caller, client_certificate_path(row.certificate_id))
    return {}


def find_client_certificate(caller: Caller, certificate_id: str) -> ClientCertificate:
    """A certificate of the caller; raises NotFoundException in AWS's words."""
    return caller.find(
        ClientCertificate, "Invalid Client Certificate identifier specified", certificate_id=certificate_id
    )


def client_certificate_shape(row: ClientCertificate, tags: dict[str, str] | None = None) -> Shape:
    """AWS's ClientCertificate."""
    members: dict[str, Any] = {
        "clientCertificateId": row.certificate_id,
        "description": row.description,
        "pemEncodedCertificate": row.certificate,
        "createdDate": row.created,
        "expirationDate": row.expires,
        "tags": tags or None,
    }
    return {name: value for name, value in members.items() if value is not None}


_PATCHES = PatchTable((replaceable("/description", "description", optional_text),), LISTS_PATHS)
