"""Trust stores that lie in S3: fetched when a custom domain name is told of one, with the operator's credentials.

Where the operator has set none, what `PutTruststore` has put at the address is all there is.
"""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException
from apps.control_plane.s3_objects import ObjectUnavailable, read_object
from apps.core.aws_access import AwsAccess
from apps.domain_names.models import Truststore

Shape = dict[str, Any]
logger = logging.getLogger("gatehouse.truststores")

_MOST_BYTES = 1_024 * 1_024
_MEMBER = "/mutualTlsAuthentication/truststore"


def fetched_for_v1(caller: Caller, request: Shape) -> Shape:
    """What CreateDomainName and UpdateDomainName of V1 do first: put here what lies at the address that they name."""
    named = dict(request.get("mutualTlsAuthentication") or {})
    for patch in request.get("patchOperations") or ():
        if (patch.get("path") or "").startswith(_MEMBER) and patch.get("op") != "remove":
            named[patch["path"].rpartition("/")[2]] = patch.get("value")
    _put(caller, request["domainName"], named)
    return request


def fetched_for_v2(caller: Caller, request: Shape) -> Shape:
    """The same for V2."""
    given = request.get("MutualTlsAuthentication") or {}
    _put(caller, request["DomainName"], {name[0].lower() + name[1:]: value for name, value in given.items()})
    return request


def _put(caller: Caller, domain_name: str, named: Shape) -> None:
    """Fetch a trust store and put it at its address. A version alone is one of the address that the name has."""
    access: AwsAccess = settings.ENVIRONMENT.aws
    credentials = access.credentials_of(caller.account_id)
    if credentials is None or not any(named.values()):
        return
    uri, version = named.get("truststoreUri"), named.get("truststoreVersion")
    if uri is None:
        known = registry.call(caller, "apigateway", "GetDomainName", {"domainName": domain_name})
        uri = known.get("mutualTlsAuthentication", {}).get("truststoreUri")
    if not uri or not uri.startswith("s3://"):
        return  # which the operation itself refuses
    try:
        text = read_object(access, credentials, caller.region, uri, version, most=_MOST_BYTES).decode()
    except (ObjectUnavailable, UnicodeDecodeError) as error:
        if Truststore.objects.filter(account_id=caller.account_id, uri=uri, version=version or "").exists():
            logger.warning("the truststore %s stays as it was put here: %s", uri, error)
            return
        why = "it is no text" if isinstance(error, UnicodeDecodeError) else error
        raise BadRequestException(f"The truststore {uri} cannot be read: {why}") from error
    put = {"truststoreUri": uri, "certificates": text, **({"truststoreVersion": version} if version else {})}
    registry.call(caller, "gatehouse", "PutTruststore", put)
