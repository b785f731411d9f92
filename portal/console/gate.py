"""The one way into a page of the console: who is asking, in which account and region, and what they may do there."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlsplit

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed, QueryDict
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

from apps.accounts.grants import strongest
from apps.accounts.models import Membership, User
from apps.control_plane.caller import Caller, staff_caller
from apps.control_plane.errors import AccessDeniedException, AwsError, NotFoundException
from apps.control_plane.undo import perform
from portal.console.entrance import (
    ACCOUNT_IN_SESSION,
    FACTOR_IN_SESSION,
    PROVIDER,
    REGION_IN_SESSION,
    confirmed_factor,
    provider_due,
    safe_goal,
    to_entrance,
)
from portal.console.navigation import navigation
from portal.console.questions import ask_again, ask_for_name, question_of
from portal.console.regions import REGIONS, known_region

Shape = dict[str, Any]
Arguments = ParamSpec("Arguments")

UNDO_IN_SESSION = "console_undo"
# Pages of which everybody sees what is theirs; all others are about one API, or about the account.
_OF_EACH = frozenset(
    {
        "home", "undo", "palette", "switch", "second_factor", "begin_second_factor", "renew_recovery_codes", "remove_second_factor",
        "access_keys", "create_access_key", "switch_access_key", "delete_access_key",
    }
)  # fmt: skip

# Forms that viewers may send: they change nothing, or what is the sender's own.
_OF_VIEWERS = _OF_EACH | {
    "who_can_call",
    "check_user_policies",
    "page_preview",
    "preview_templates",
    "import",
    "v2_import",
}

logger = logging.getLogger("gatehouse.console")


@dataclass(frozen=True)
class Console:
    """A signed-in member in one account and region. `call` reads and writes as them; `page` shows them a page."""

    request: HttpRequest
    user: User
    membership: Membership
    caller: Caller
    role: str
    """The role that counts on this page; empty for somebody whom it is not open to."""
    undoable: list[str] = field(default_factory=list)
    """What this request has changed and can be taken back, by the ids to undo it by."""
    refusals: list[str] = field(default_factory=list)
    """Why what was typed was not taken, where it is asked for once more."""

    @property
    def may_write(self) -> bool:
        return self.role in (Membership.Role.EDITOR, Membership.Role.OWNER)

    @property
    def is_owner(self) -> bool:
        return self.role == Membership.Role.OWNER

    @property
    def account_id(self) -> str:
        return self.caller.account_id

    @property
    def region(self) -> str:
        return self.caller.region

    @property
    def posted(self) -> QueryDict | None:
        """What a form was sent with; None when the page was only asked for, which leaves its forms unbound."""
        return self.request.POST if self.request.method == "POST" else None

    @property
    def second_step_due(self) -> bool:
        """Whether the person has an authenticator app, and this session has not seen a code of it."""
        factor = confirmed_factor(self.user)
        return factor is not None and self.request.session.get(FACTOR_IN_SESSION) not in (factor.pk, PROVIDER)

    @property
    def must_enrol(self) -> bool:
        """Whether the account asks for a second factor, and the person has none."""
        asked = self.membership.account.second_factor_required
        provided = self.request.session.get(FACTOR_IN_SESSION) == PROVIDER
        return asked and not provided and confirmed_factor(self.user) is None

    @cached_property
    def memberships(self) -> list[Membership]:
        """The accounts that the person can switch to."""
        return list(self.user.memberships.select_related("account").order_by("account__name", "account_id"))

    @property
    def regions(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.region, *REGIONS)))

    def call(self, name: str, request: Shape | None = None, service: str = "apigateway") -> Shape:
        """Perform an operation as this member, so that it can be undone if it is one of those; raises `AwsError`."""
        answer, undo_id = perform(self.caller, service, name, request or {})
        if undo_id:
            self.undoable.append(undo_id)
        return answer

    def submit(self, form: forms.Form, name: str, request: Shape, service: str = "apigateway") -> Shape | None:
        """Perform an operation for a valid form. What is wrong comes back as an error of the form, and nothing typed is lost."""
        return self.carry_out(form, lambda: self.call(name, request, service))

    def carry_out(self, form: forms.Form, work: Callable[[], Shape]) -> Shape | None:
        """As `submit`, for work of several operations."""
        try:
            return work()
        except AccessDeniedException:
            raise
        except AwsError as error:
            form.add_error(None, error.message)
            return None

    def attempt(self, done: str, name: str, request: Shape, service: str = "apigateway") -> Shape | None:
        """Perform an operation behind a button: its success becomes a toast on the next page, its error is told as `refuse` does."""
        try:
            answer = self.call(name, request, service)
        except (AccessDeniedException, NotFoundException):
            raise
        except AwsError as error:
            self.refuse(error.message)
            return None
        messages.success(self.request, done)
        return answer

    def refuse(self, why: str) -> None:
        """Say why a form of a dialog was not taken: where something was typed it is asked for again, else by a toast."""
        if question_of(self.request) is None:
            messages.error(self.request, why)
        else:
            self.refusals.append(why)

    def page(self, template: str, *, section: str = "", status: int = 200, **context: Any) -> HttpResponse:
        """Render a page inside the console's frame; `section` is the navigation entry that it belongs to."""
        keep_undo_offer(self)
        frame = {
            "console": self,
            "undo": undo_offer(self),
            "navigation": navigation(section, everything=bool(self.caller.role)),
        }
        return render(self.request, template, {**frame, **context}, status=status)


View = Callable[Concatenate[Console, Arguments], HttpResponseBase]


def console_page(
    *methods: str,
    enrolling: bool = False,
) -> Callable[[View[Arguments]], Callable[Concatenate[HttpRequest, Arguments], HttpResponseBase]]:
    """Make a view of the console: it gets a `Console` instead of a request, for the given HTTP methods.

    Strangers are sent to the sign-in page, people without a membership are told so (403). An unknown id is a 404, whoever
    owns it; any other error of an operation that the view does not handle is shown as a page of its own.

    Who has a second factor shows it before any page, and who has to have one sets it up: only pages that are `enrolling` are for them.
    """
    allowed = tuple(methods) or ("GET",)

    def decorate(view: View[Arguments]) -> Callable[Concatenate[HttpRequest, Arguments], HttpResponseBase]:
        @wraps(view)
        def wrapped(request: HttpRequest, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> HttpResponseBase:
            if request.method not in allowed and not (request.method == "HEAD" and "GET" in allowed):
                return HttpResponseNotAllowed(allowed)
            if not request.user.is_authenticated:
                return to_entrance(request, "console:sign_in")
            if provider_due(request):
                return to_entrance(request, "console:sign_in")
            console = console_of(request, request.user)
            if console is None:
                return render(request, "console/no_membership.html", status=403)
            if console.second_step_due:
                return to_entrance(request, "console:second_step")
            if console.must_enrol and not enrolling:
                return to_entrance(request, "console:second_factor")
            console = _on_page(console, kwargs)
            back = safe_goal(request, request.headers.get("Referer", ""))
            asked = ask_for_name(console, kwargs, back)
            response = asked or _answer(console, lambda: view(console, *args, **kwargs))
            response = _refused_to_viewers(console, response) or ask_again(console, back) or response
            keep_undo_offer(console)
            add_never_cache_headers(response)
            return response

        return wrapped

    return decorate


def _on_page(console: Console, kwargs: dict[str, Any]) -> Console:
    """The member with the role that counts on the page: for its API, or in the account. Raises Http404 for an API of others."""
    api_id = kwargs.get("api_id")
    if api_id is not None:
        role = console.caller.role_on(str(api_id))
        if not role and console.caller.of_apis:
            raise Http404(f"Invalid API identifier specified {console.account_id}:{api_id}")
        return replace(console, role=role)
    match = console.request.resolver_match
    if not console.caller.role and match is not None and match.url_name in _OF_EACH:
        return replace(console, role=strongest(role for role, _ in console.caller.of_apis) or Membership.Role.VIEWER)
    return console


def keep_undo_offer(console: Console) -> None:
    """Remember for the next page what this request has changed."""
    if console.undoable:
        offer = {"ids": list(console.undoable), "account": console.account_id, "region": console.region}
        console.request.session[UNDO_IN_SESSION] = offer
        console.undoable.clear()


def undo_offer(console: Console) -> dict[str, Any] | None:
    """What the page that is shown now offers to take back: once, and not within a part of a page."""
    if console.request.headers.get("HX-Request") == "true":
        return None
    offer = console.request.session.pop(UNDO_IN_SESSION, None)
    here = offer is not None and (offer["account"], offer["region"]) == (console.account_id, console.region)
    return {"ids": offer["ids"], "next": _way_back(console.request)} if here else None


def _way_back(request: HttpRequest) -> str:
    """The page that is shown; where it answers a form, whose address may answer nothing else, the page that the form stood on."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    came_from = request.headers.get("Referer", "")
    return safe_goal(request, "" if urlsplit(came_from).path == request.path else came_from)


def _answer(console: Console, view: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    try:
        if not console.role:
            raise AccessDeniedException(
                "This page is about the whole account, and your teams give you a role for some of its APIs."
            )
        return view()
    except NotFoundException as error:
        raise Http404(error.message) from error
    except AwsError as error:
        logger.info("%s was refused: %s", console.request.path, error.message)
        return console.page("console/refused.html", status=error.status, error=error)


def _refused_to_viewers(console: Console, response: HttpResponseBase) -> HttpResponseBase | None:
    """The page of 403 for the form of somebody who may change nothing here, whatever was wrong with the form besides."""
    match = console.request.resolver_match
    if console.request.method != "POST" or console.may_write or response.status_code >= 500:
        return None
    if response.status_code in (403, 404) or (match is not None and match.url_name in _OF_VIEWERS):
        return None
    list(messages.get_messages(console.request))  # what else was to be said is not
    error = AccessDeniedException("A viewer changes nothing here.")
    return console.page("console/refused.html", status=error.status, error=error)


def console_of(request: HttpRequest, user: User) -> Console | None:
    """The person in the account that the session remembers, or in the first one they belong to."""
    memberships = user.memberships.select_related("account", "user__second_factor").order_by("pk")
    membership = (
        memberships.filter(account_id=request.session.get(ACCOUNT_IN_SESSION, "")).first() or memberships.first()
    )
    if membership is None:
        return None
    region = known_region(request.session.get(REGION_IN_SESSION, ""))
    caller = staff_caller(user, membership.account_id, region, request.META.get("REMOTE_ADDR", ""))
    return None if caller is None else Console(request, membership.user, membership, caller, caller.role)
