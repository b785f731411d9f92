"""My apps: applications with their keys, subscriptions and usage. Whatever is not the reader's own does not exist here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.models import User
from apps.control_plane.errors import AccessDeniedException, AwsError, BadRequestException, NotFoundException
from portal.developer.access import Shape, change, create_application, home_of_applications, unsubscribe
from portal.developer.application_forms import OVERLAPS, ApplicationForm, KeyForm, LimitsForm, RotationForm
from portal.developer.application_team import shared
from portal.developer.applications import ApplicationOnPage, KeyOnPage, my_application, my_applications
from portal.developer.usage import SPANS, calls, calls_chart, span_named, subscriptions

Arguments = ParamSpec("Arguments")
OwnView = Callable[Concatenate[HttpRequest, ApplicationOnPage, Arguments], HttpResponse]


def own_application(view: OwnView[Arguments]) -> Callable[Concatenate[HttpRequest, Arguments], HttpResponse]:
    """A view of an application of the reader's: it gets the application, and anybody else gets a 404.

    A member who only looks at it may not post: the operations refuse it, and the page says so.
    """

    @never_cache
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Arguments.args, **kwargs: Arguments.kwargs) -> HttpResponse:
        application_id = str(kwargs.pop("application_id"))
        if not request.user.is_authenticated:
            return _to_sign_in(request, reverse("developer:application", args=[application_id]))
        try:
            return view(request, my_application(_user(request), application_id), *args, **kwargs)
        except NotFoundException as error:
            raise Http404(error.message) from error
        except AccessDeniedException as error:
            messages.error(request, error.message)
            return redirect("developer:application", application_id)

    return wrapped


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def applications(request: HttpRequest) -> HttpResponse:
    """The reader's applications, and a form for another."""
    user = _user(request)
    form = ApplicationForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        home = home_of_applications()
        if home is None:
            form.add_error(
                None, "This installation has no account yet. Someone who administers it has to finish its setup."
            )
        else:
            try:
                made = create_application(request, user, *home, **form.cleaned_data)
                messages.success(request, f"{form.cleaned_data['name']} is ready to use products.")
                return redirect("developer:application", made)
            except AwsError as error:
                form.add_error("name", error.message)
    context = {"section": "apps", "applications": my_applications(user), "form": form}
    return render(request, "developer/applications.html", context, status=422 if form.errors else 200)


@require_safe
@own_application
def application(request: HttpRequest, mine: ApplicationOnPage) -> HttpResponse:
    """One application."""
    return page_of(request, mine)


def page_of(request: HttpRequest, mine: ApplicationOnPage, **given: Any) -> HttpResponse:
    """The page of an application. `given` are forms that were sent, or a client that was just made."""
    context = {
        "reveal": request.GET.get("reveal", "") if mine.manages else "",
        "overlaps": OVERLAPS,
        **_usage(request, mine),
    }
    context["form"] = ApplicationForm(initial={"name": mine.name, "description": mine.description})
    context |= shared(mine, **given)
    sent = [value for value in given.values() if isinstance(value, forms.BaseForm)]
    status = 422 if any(form.errors for form in sent) else 200
    return render(request, "developer/application.html", context, status=status)


@require_safe
@own_application
def usage(request: HttpRequest, mine: ApplicationOnPage) -> HttpResponse:
    """The usage part of the page, asked for every two seconds: 204 while it has not changed."""
    context = _usage(request, mine)
    if context["digest"] == request.GET.get("seen"):
        return HttpResponse(status=204)
    return render(request, "developer/parts/usage.html", context)


@require_POST
@own_application
def edit(request: HttpRequest, mine: ApplicationOnPage) -> HttpResponse:
    """Change name and description."""
    form = ApplicationForm(request.POST)
    if submit(request, mine, form, "Saved.", "UpdateApplication", lambda: form.cleaned_data):
        return redirect("developer:application", mine.id)
    return page_of(request, mine, form=form)


@require_POST
@own_application
def delete(request: HttpRequest, mine: ApplicationOnPage) -> HttpResponse:
    """Delete the application once its name has been typed."""
    if request.POST.get("confirm", "").strip() != mine.name.strip():
        messages.error(request, "Nothing was deleted: the name did not match.")
        return redirect("developer:application", mine.id)
    if attempt(request, mine, f"{mine.name} and its keys are gone.", "DeleteApplication"):
        return redirect("developer:applications")
    return redirect("developer:application", mine.id)


@require_POST
@own_application
def create_key(request: HttpRequest, mine: ApplicationOnPage) -> HttpResponse:
    """A key for subscriptions that have none, after one was revoked; or another one, with a label and perhaps an end."""
    if "additional" not in request.POST:
        attempt(request, mine, "Your new key is ready.", "CreateApplicationKey")
        return redirect("developer:application", mine.id)
    form = KeyForm(request.POST)
    if submit(request, mine, form, "Your new key is ready.", "CreateApplicationKey", form.members):
        return redirect("developer:application", mine.id)
    return page_of(request, mine, key_form=form)


@require_POST
@own_application
def label_key(request: HttpRequest, mine: ApplicationOnPage, key_id: str) -> HttpResponse:
    """Say what a key is for."""
    label = request.POST.get("label", "").strip()[:64]
    attempt(request, mine, "Saved.", "UpdateApplicationKey", keyId=_key(mine, key_id).id, label=label)
    return redirect("developer:application", mine.id)


@require_http_methods(["GET", "HEAD", "POST"])
@own_application
def limit_key(request: HttpRequest, mine: ApplicationOnPage, key_id: str) -> HttpResponse:
    """Say from where a key works, one place on each line."""
    key = _key(mine, key_id)
    if not mine.manages:
        raise Http404("Only those who manage an application limit its keys.")
    sent = request.POST if request.method == "POST" else None
    form = LimitsForm(sent, initial={"websites": key.websites, "networks": key.networks})
    if form.is_valid():
        try:
            change(request, _user(request), mine.row, "PutApplicationKeyOrigins", keyId=key.id, **form.request())
        except BadRequestException as error:
            form.add_error("networks" if "network" in error.message else "websites", error.message)
        else:
            limited = any(form.request().values())
            messages.success(request, f"The key works from {'there alone' if limited else 'everywhere'}.")
            return redirect("developer:application", mine.id)
    context = {"section": "apps", "application": mine, "key": key, "form": form}
    return render(request, "developer/key_limits.html", context, status=422 if form.errors else 200)


@require_safe
@own_application
def reveal_key(request: HttpRequest, mine: ApplicationOnPage, key_id: str) -> HttpResponse:
    """A key as text, or masked again with `hide`."""
    key = _key(mine, key_id)
    if not mine.manages:
        raise Http404("Only those who manage an application see its keys.")
    context = {"application": mine, "key": key, "reveal": "" if "hide" in request.GET else key.id}
    return render(request, "developer/parts/key_value.html", context)


@require_POST
@own_application
def rotate_key(request: HttpRequest, mine: ApplicationOnPage, key_id: str) -> HttpResponse:
    """A new key; the old one keeps working for the chosen time."""
    form = RotationForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose how long the old key keeps working.")
        return redirect("developer:application", mine.id)
    overlap = int(form.cleaned_data["overlap"])
    done = "Your new key is ready; the old one works until the time shown." if overlap else "Your new key is ready."
    attempt(
        request, mine, done, "RotateApplicationKey", keyId=_key(mine, key_id).id, overlapSeconds=overlap
    )  # fmt: skip
    return redirect("developer:application", mine.id)


@require_POST
@own_application
def revoke_key(request: HttpRequest, mine: ApplicationOnPage, key_id: str) -> HttpResponse:
    """End a key at once."""
    attempt(request, mine, "The key is revoked.", "RevokeApplicationKey", keyId=_key(mine, key_id).id)
    return redirect("developer:application", mine.id)


@require_POST
@own_application
def end_subscription(request: HttpRequest, mine: ApplicationOnPage, subscription_id: str) -> HttpResponse:
    """End a subscription."""
    subscription = next((one for one in mine.subscriptions if one.subscription_id == subscription_id), None)
    if subscription is None:
        raise Http404("No such subscription.")
    try:
        unsubscribe(request, _user(request), subscription)
    except (AccessDeniedException, NotFoundException):
        raise
    except AwsError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"{mine.name} no longer uses {subscription.product.name}.")
    return redirect("developer:application", mine.id)


def _usage(request: HttpRequest, mine: ApplicationOnPage) -> dict[str, Any]:
    now = timezone.now()
    span = span_named(request.GET.get("span", ""))
    points = calls(mine, span, now)
    subscribed = subscriptions(mine, now)
    numbers = [(p.start.isoformat(), p.totals.count, p.totals.errors_4xx, p.totals.errors_5xx) for p in points]
    state = repr(
        (span.id, numbers, [(one.row.status, one.quota and (one.quota.used, one.quota.limit)) for one in subscribed])
    )
    return {
        "section": "apps",
        "application": mine,
        "subscriptions": subscribed,
        "span": span,
        "spans": SPANS,
        "chart": calls_chart(points, span),
        "total": sum(point.totals.count for point in points),
        "digest": hashlib.sha256(state.encode()).hexdigest()[:16],
    }


def _to_sign_in(request: HttpRequest, page: str) -> HttpResponse:
    """Afterwards one is on the application's page, wherever in it the session ended."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(
            status=204, headers={"HX-Redirect": f"{reverse('account_login')}?{urlencode({'next': page})}"}
        )
    return redirect_to_login(page)


def attempt(request: HttpRequest, mine: ApplicationOnPage, done: str, operation: str, /, **members: Any) -> bool:
    """Perform an operation behind a button; its success or error becomes a toast on the next page."""
    try:
        change(request, _user(request), mine.row, operation, **members)
    except (AccessDeniedException, NotFoundException):
        raise
    except AwsError as error:
        messages.error(request, error.message)
        return False
    messages.success(request, done)
    return True


def submit(
    request: HttpRequest,
    mine: ApplicationOnPage,
    form: forms.Form,
    done: str,
    operation: str,
    members: Callable[[], Shape],
) -> bool:
    """Perform an operation for the form of a dialog: what is wrong becomes an error of the form."""
    if not form.is_valid():
        return False
    try:
        change(request, _user(request), mine.row, operation, **members())
    except (AccessDeniedException, NotFoundException):
        raise
    except AwsError as error:
        form.add_error(None, error.message)
        return False
    messages.success(request, done)
    return True


def _key(mine: ApplicationOnPage, key_id: str) -> KeyOnPage:
    key = next((key for key in mine.keys if key.id == key_id), None)
    if key is None:
        raise Http404("No such key.")
    return key


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User), "the views are for signed-in people"
    return request.user
