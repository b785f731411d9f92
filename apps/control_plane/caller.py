"""Who is asking: every operation gets a caller, and sees through it only what the caller's account owns in one region."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar
from uuid import uuid4

from django.db.models import Model, QuerySet

from apps.accounts.grants import Grants, grants_of
from apps.accounts.models import Membership, User
from apps.control_plane.errors import NotFoundException
from apps.core.session_tokens import Session
from apps.rest_apis.models import Resource, RestApi
from apps.v2_apis.models import Api

Row = TypeVar("Row", bound=Model)
Via = Literal["wire", "console", "portal", "seed", "guard"]


@dataclass(frozen=True)
class Caller:
    """The authenticated caller of an operation. `principal` is an ARN; `role` is a console role."""

    account_id: str
    region: str
    principal: str
    via: Via
    role: str = Membership.Role.OWNER
    source_ip: str = ""
    request_id: str = field(default_factory=lambda: str(uuid4()))
    access_key_id: str = ""
    """The key that signed the request, for callers by the wire."""
    session: Session | None = None
    """What that key is, where it is a temporary one."""
    of_apis: tuple[tuple[str, frozenset[str]], ...] = ()
    """Roles that teams give for some APIs alone, with the ids of these."""

    def role_on(self, api_id: str) -> str:
        """The role that counts for an API; empty where none does."""
        return Grants(self.role, self.of_apis).role_on(api_id)

    def seen(self, rows: QuerySet[Row]) -> QuerySet[Row]:
        """Of the rows of APIs those that the caller may know of."""
        return rows if self.role else rows.filter(id__in=frozenset().union(*(apis for _, apis in self.of_apis)))

    def find(self, model: type[Row], message: str, **lookup: Any) -> Row:
        """The row of this caller's account and region; raises `NotFoundException(message)`.

        `model` has `account` and `region` of its own; rows below an API are found through `rest_api`.
        """
        row = model._default_manager.filter(account_id=self.account_id, region=self.region, **lookup).first()
        if row is None:
            raise NotFoundException(message)
        return row

    def rest_api(self, rest_api_id: str) -> RestApi:
        """The caller's API; raises NotFoundException in AWS's words."""
        self._check_sees(rest_api_id)
        return self.find(RestApi, f"Invalid API identifier specified {self.account_id}:{rest_api_id}", id=rest_api_id)

    def api(self, api_id: str) -> Api:
        """The caller's HTTP or WebSocket API; raises NotFoundException in AWS's words."""
        self._check_sees(api_id)
        return self.find(Api, f"Invalid API identifier specified {self.account_id}:{api_id}", id=api_id)

    def _check_sees(self, api_id: str) -> None:
        if not self.role_on(api_id):
            raise NotFoundException(f"Invalid API identifier specified {self.account_id}:{api_id}")

    def below(self, model: type[Row], rest_api_id: str, message: str, **lookup: Any) -> Row:
        """A row of the caller's API that `model` keeps under `rest_api`; raises `NotFoundException(message)`.

        An unknown API is told with the same words as an unknown row.
        """
        row = model._default_manager.filter(
            rest_api_id=rest_api_id,
            rest_api__account_id=self.account_id,
            rest_api__region=self.region,
            **lookup,
        ).first()
        if row is None:
            raise NotFoundException(message)
        return row

    def resource(self, rest_api_id: str, resource_id: str) -> Resource:
        """A resource of the caller's API. AWS tells an unknown API and an unknown resource with the same words."""
        row = (
            Resource.objects.filter(
                rest_api_id=rest_api_id,
                rest_api__account_id=self.account_id,
                rest_api__region=self.region,
                resource_id=resource_id,
            )
            .select_related("rest_api")
            .first()
        )
        if row is None:
            raise NotFoundException("Invalid Resource identifier specified")
        return row

    def arn(self, path: str) -> str:
        """The ARN of one of API Gateway's own resources: `arn:aws:apigateway:us-east-1::/restapis/a1b2c3d4e5`."""
        return f"arn:aws:apigateway:{self.region}::{path}"


def staff_caller(user: User, account_id: str, region: str, source_ip: str) -> Caller | None:
    """The caller that a console user is in an account, or None when the user is no member of it."""
    membership = Membership.objects.filter(user=user, account_id=account_id).prefetch_related("teams").first()
    if membership is None:
        return None
    grants = grants_of(membership)
    return Caller(
        account_id=account_id,
        region=region,
        principal=f"arn:aws:iam::{account_id}:user/{user.username}",
        via="console",
        role=grants.role,
        of_apis=grants.of_apis,
        source_ip=source_ip,
    )


def system_caller(account_id: str, region: str, via: Via, name: str) -> Caller:
    """A part of the product acting for an account, such as the developer portal making a key for a subscriber."""
    return Caller(
        account_id=account_id, region=region, principal=f"arn:aws:iam::{account_id}:role/gatehouse/{name}", via=via
    )
