"""Teams: people of an account who have a role together, in all of it or for some APIs."""

from __future__ import annotations

import re

from apps.accounts.grants import apis_of
from apps.accounts.models import Membership, Team
from apps.control_plane.caller import Caller
from apps.control_plane.errors import (
    AccessDeniedException,
    BadRequestException,
    LimitExceededException,
    NotFoundException,
)
from apps.control_plane.registry import Shape, operation
from apps.deployments import publisher
from apps.rest_apis.models import RestApi
from apps.v2_apis.models import Api

MAX_TEAMS = 100
MAX_APIS = 300
_NAME = re.compile(r"[\w][\w .-]{0,63}")


@operation("ListTeams", "gatehouse")
def list_teams(caller: Caller, request: Shape) -> Shape:
    """The teams of the account, by name."""
    rows = Team.objects.filter(account_id=caller.account_id).order_by("name").prefetch_related("members__user")
    return {"items": [team_shape(row) for row in rows]}


@operation("GetTeam", "gatehouse")
def get_team(caller: Caller, request: Shape) -> Shape:
    """One team."""
    return team_shape(_find(caller, request["teamName"]))


@operation("PutTeam", "gatehouse")
def put_team(caller: Caller, request: Shape) -> Shape:
    """Make a team, or write what it may do anew; who is in it stays."""
    _check_owner(caller)
    name = request["teamName"]
    if not _NAME.fullmatch(name):
        raise BadRequestException("Invalid team name specified: letters, digits, spaces, '.', '_' and '-', at most 64")
    given = _scope(caller, request)
    if request["role"] not in ("viewer", "editor", "owner"):
        raise BadRequestException(f"Invalid role specified: {request['role']}. Valid values are viewer, editor, owner")
    if request["role"] == Membership.Role.OWNER and given["scope"] != Team.Scope.ACCOUNT:
        raise BadRequestException(
            "A team of owners cannot be for some APIs alone: owners change the people of the account."
        )
    mine = Team.objects.filter(account_id=caller.account_id)
    if not mine.filter(name=name).exists() and mine.count() >= MAX_TEAMS:
        raise LimitExceededException(f"An account can have at most {MAX_TEAMS} teams.")
    row, _ = mine.update_or_create(account_id=caller.account_id, name=name, defaults={"role": request["role"], **given})
    publisher.publish_credentials(caller.account_id)
    return team_shape(row)


@operation("DeleteTeam", "gatehouse")
def delete_team(caller: Caller, request: Shape) -> Shape:
    """End a team. Its people stay in the account, with what is left to them."""
    _check_owner(caller)
    _find(caller, request["teamName"]).delete()
    publisher.publish_credentials(caller.account_id)
    return {}


@operation("PutTeamMember", "gatehouse")
def put_team_member(caller: Caller, request: Shape) -> Shape:
    """Take a member of the account into a team."""
    _check_owner(caller)
    row = _find(caller, request["teamName"])
    row.members.add(_member(caller, request["userName"]))
    publisher.publish_credentials(caller.account_id)
    return team_shape(row)


@operation("DeleteTeamMember", "gatehouse")
def delete_team_member(caller: Caller, request: Shape) -> Shape:
    """Take somebody out of a team."""
    _check_owner(caller)
    row = _find(caller, request["teamName"])
    row.members.remove(_member(caller, request["userName"]))
    publisher.publish_credentials(caller.account_id)
    return {}


def team_shape(row: Team) -> Shape:
    """The Team of `service-2.json`."""
    return {
        "teamName": row.name,
        "role": row.role,
        "scope": row.scope,
        "apiIds": sorted(apis_of(row)) if row.scope != Team.Scope.ACCOUNT else [],
        "tagKey": row.tag_key,
        "tagValue": row.tag_value,
        "userNames": sorted(member.user.get_username() for member in row.members.all()),
    }


def _scope(caller: Caller, request: Shape) -> Shape:
    """What the team is for: everything, APIs by their ids, or those with a tag."""
    ids, key = list(dict.fromkeys(request.get("apiIds") or ())), request.get("tagKey") or ""
    if ids and key:
        raise BadRequestException("A team is for APIs by their ids or by a tag, not both.")
    if len(ids) > MAX_APIS:
        raise BadRequestException(f"A team can name at most {MAX_APIS} APIs.")
    known = {
        *RestApi.objects.filter(account_id=caller.account_id, id__in=ids).values_list("id", flat=True),
        *Api.objects.filter(account_id=caller.account_id, id__in=ids).values_list("id", flat=True),
    }
    if unknown := [one for one in ids if one not in known]:
        raise NotFoundException(f"Invalid API identifier specified {caller.account_id}:{unknown[0]}")
    scope = Team.Scope.APIS if ids else Team.Scope.TAG if key else Team.Scope.ACCOUNT
    wanted = request.get("scope") or scope
    if wanted != scope:
        raise BadRequestException("A team for some APIs has to name them, by their ids or by a tag.")
    return {"scope": scope, "apis": ids, "tag_key": key, "tag_value": (request.get("tagValue") or "") if key else ""}


def _find(caller: Caller, name: str) -> Team:
    row = Team.objects.filter(account_id=caller.account_id, name=name).first()
    if row is None:
        raise NotFoundException("Invalid team name specified")
    return row


def _member(caller: Caller, name: str) -> Membership:
    row = Membership.objects.filter(account_id=caller.account_id, user__username=name).first()
    if row is None:
        raise NotFoundException("Invalid user name specified")
    return row


def _check_owner(caller: Caller) -> None:
    if caller.role != Membership.Role.OWNER:
        raise AccessDeniedException("Only owners of the account may change its teams.")
