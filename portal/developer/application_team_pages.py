"""Sharing an application, and its OAuth clients."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.models import User
from apps.control_plane.errors import AccessDeniedException, AwsError, NotFoundException
from apps.portals.models import ApplicationMember
from portal.developer.access import change, join_application
from portal.developer.application_forms import ClientForm, MemberForm
from portal.developer.application_pages import attempt, own_application, page_of
from portal.developer.applications import ApplicationOnPage


@require_POST
@own_application
def invite(request: HttpRequest, mine: ApplicationOnPage) -> HttpResponse:
    """Invite an address by e-mail."""
    form = MemberForm(request.POST)
    if form.is_valid() and _submit(request, mine, form, "InviteApplicationMember", **form.cleaned_data) is not None:
        messages.success(request, f"{form.cleaned_data['email']} gets a message with a link.")
        return redirect("developer:application", mine.id)
    return page_of(request, mine, member_form=form)


@require_POST
@own_application
def change_role(request: HttpRequest, mine: ApplicationOnPage, member_id: str) -> HttpResponse:
    """Give a member another role."""
    role = request.POST.get("role", "")
    if role not in ApplicationMember.Role.values:
        raise Http404("No such role.")
    attempt(request, mine, "Saved.", "UpdateApplicationMember", memberId=member_id, role=role)
    return redirect("developer:application", mine.id)


@require_POST
@own_application
def remove(request: HttpRequest, mine: ApplicationOnPage, member_id: str) -> HttpResponse:
    """Take a member away, or leave."""
    leaving = mine.membership is not None and mine.membership.member_id == member_id
    done = f"You left {mine.name}." if leaving else "They see the application no more."
    if attempt(request, mine, done, "RemoveApplicationMember", memberId=member_id) and leaving:
        return redirect("developer:applications")
    return redirect("developer:application", mine.id)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, member_id: str) -> HttpResponse:
    """What the link of an invitation leads to: join by pressing a button, not by opening a page."""
    row = ApplicationMember.objects.select_related("application__owner").filter(member_id=member_id, user=None).first()
    if row is None:
        raise Http404("No such invitation.")
    assert isinstance(request.user, User)
    if request.method == "POST":
        try:
            join_application(request, request.user, row)
        except NotFoundException:
            messages.error(request, f"Sign in with {row.email}, and confirm that address, to join.")
        except AwsError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, f"You belong to {row.application.name} now.")
            return redirect("developer:application", row.application.application_id)
    return render(request, "developer/join.html", {"section": "apps", "invitation": row})


@require_POST
@own_application
def create_client(request: HttpRequest, mine: ApplicationOnPage) -> HttpResponse:
    """A client; its secret is on the page that this answers, and never again."""
    form = ClientForm(request.POST)
    if form.is_valid():
        made = _submit(request, mine, form, "CreateApplicationClient", **form.request())
        if made is not None:
            return page_of(request, mine, made_client=made)
    return page_of(request, mine, client_form=form)


@require_POST
@own_application
def rotate_secret(request: HttpRequest, mine: ApplicationOnPage, client_id: str) -> HttpResponse:
    """Another secret, shown once."""
    try:
        made = change(request, _user(request), mine.row, "RotateApplicationClientSecret", clientId=client_id)
    except (AccessDeniedException, NotFoundException):
        raise
    except AwsError as error:
        messages.error(request, error.message)
        return redirect("developer:application", mine.id)
    return page_of(request, mine, made_client=made)


@require_POST
@own_application
def delete_client(request: HttpRequest, mine: ApplicationOnPage, client_id: str) -> HttpResponse:
    """Delete a client."""
    attempt(
        request,
        mine,
        "The client is gone. Its tokens end within an hour.",
        "DeleteApplicationClient",
        clientId=client_id,
    )
    return redirect("developer:application", mine.id)


def _submit(
    request: HttpRequest, mine: ApplicationOnPage, form: Any, operation: str, /, **members: Any
) -> dict[str, Any] | None:
    """Perform an operation for a valid form; what is refused becomes an error of the form."""
    try:
        return change(request, _user(request), mine.row, operation, **members)
    except (AccessDeniedException, NotFoundException):
        raise
    except AwsError as error:
        form.add_error(None, error.message)
        return None


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User), "the views are for signed-in people"
    return request.user
