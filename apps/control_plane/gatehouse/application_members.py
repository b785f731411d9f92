"""Members of applications: colleagues who manage one, or look at what it uses."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.conf import settings

from apps.accounts.models import User
from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException, LimitExceededException, NotFoundException
from apps.control_plane.gatehouse.applications import find_application
from apps.control_plane.registry import Shape, operation
from apps.portals.models import Application, ApplicationMember
from apps.portals.outbox import put_mail_to

MAX_MEMBERS = 50


@operation("InviteApplicationMember", "gatehouse")
def invite_application_member(caller: Caller, request: Shape) -> Shape:
    """Invite an address. Whoever has confirmed it as theirs can join; the message alone lets nobody in."""
    application, email = find_application(caller, request), request["email"].strip().lower()
    if application.owner.email.lower() == email:
        raise ConflictException("That is the owner of the application")
    if application.members.filter(email=email).exists():
        raise ConflictException(f"{email} has been invited already")
    if application.members.count() >= MAX_MEMBERS:
        raise LimitExceededException(f"An application can have at most {MAX_MEMBERS} members. Remove one first.")
    row = ApplicationMember.objects.create(application=application, email=email, role=request["role"])
    place = f"{settings.ENVIRONMENT.portal_url}/apps/invitations/{row.member_id}/"
    text = f"You are invited to {application.name}, an application of {application.owner.email}.\n\nJoin: {place}\n"
    put_mail_to(f"invitation:{row.member_id}", email, f"Join {application.name}", text)
    return _shape(row)


@operation("ListApplicationMembers", "gatehouse")
def list_application_members(caller: Caller, request: Shape) -> Shape:
    """The members and who is invited, oldest first; the owner is none of them."""
    rows = find_application(caller, request, reading=True).members.select_related("application").order_by("pk")
    return {"items": [_shape(row) for row in rows]}


@operation("UpdateApplicationMember", "gatehouse")
def update_application_member(caller: Caller, request: Shape) -> Shape:
    """Give a member another role; it acts at once."""
    row = _find(find_application(caller, request), request)
    row.role = request["role"]
    row.save(update_fields=["role"])
    return _shape(row)


@operation("RemoveApplicationMember", "gatehouse")
def remove_application_member(caller: Caller, request: Shape) -> Shape:
    """Take a member away. Members may leave by themselves, whatever their role."""
    application = find_application(caller, request, reading=True)
    row = _find(application, request)
    if row.user_id is None or str(row.user_id) != request.get("ownerId"):
        find_application(caller, request)
    row.delete()
    return {}


@operation("AcceptApplicationInvitation", "gatehouse")
def accept_application_invitation(caller: Caller, request: Shape) -> Shape:
    """Join. The invited address has to be a confirmed one of who joins, so that a forwarded message lets nobody in."""
    row = ApplicationMember.objects.filter(
        member_id=request["memberId"], application__account_id=caller.account_id, application__region=caller.region
    ).first()
    user = User.objects.filter(pk=request["ownerId"]).first() if request["ownerId"].isdigit() else None
    if row is None or user is None or not _owns(user, row.email):
        raise NotFoundException("Invalid invitation specified")
    if row.user_id not in (None, user.pk) or row.application.owner_id == user.pk:
        raise BadRequestException("The invitation has been used")
    if row.application.members.filter(user=user).exclude(pk=row.pk).exists():
        raise ConflictException(f"You belong to {row.application.name} already")
    row.user = user
    row.save(update_fields=["user"])
    return _shape(row)


def _owns(user: User, email: str) -> bool:
    return EmailAddress.objects.filter(user=user, verified=True, email__iexact=email).exists()


def _find(application: Application, request: Shape) -> ApplicationMember:
    row = application.members.filter(member_id=request["memberId"]).first()
    if row is None:
        raise NotFoundException("Invalid member identifier specified")
    return row


def _shape(row: ApplicationMember) -> Shape:
    return {
        "memberId": row.member_id,
        "applicationId": row.application.application_id,
        "email": row.email,
        "role": str(row.role),
        "joined": row.user_id is not None,
    }
