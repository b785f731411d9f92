"""“Get a key” and what follows it: at once for who is signed in, after signing up for everybody else."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.models import User
from apps.control_plane.errors import AwsError
from portal.developer import catalogue, intent
from portal.developer.access import give_access
from portal.developer.applications import applications_for
from portal.developer.catalogue import Offer, OfferedPlan
from portal.developer.first_call import simplest


@require_POST
def access(request: HttpRequest, slug: str) -> HttpResponse:
    """Give the visitor access to a product under the chosen plan, or under the first one that needs no approval."""
    offer, wanted = catalogue.offer(request.user, slug), request.POST.get("plan", "")
    if _plan(offer, wanted) is None:
        messages.error(request, f"{offer.name} is not offered under that plan.")
        return redirect("developer:product", slug)
    if not isinstance(request.user, User):
        intent.remember(request, intent.Intent(slug, wanted))
        return redirect("account_signup")
    return _give(request, request.user, offer, wanted, request.POST.get("application", ""))


@never_cache
@login_required
@require_safe
def carry_on(request: HttpRequest) -> HttpResponse:
    """Where signing in and up lead: to what the visitor wanted before. Only their own press of a button put it there."""
    assert isinstance(request.user, User)
    wanted = intent.waiting(request)
    intent.forget(request)
    if wanted is None:
        return redirect("developer:applications")
    try:
        offer = catalogue.offer(request.user, wanted.product)
    except Http404:
        messages.error(request, "That product is not offered any more.")
        return redirect("developer:products")
    return _give(request, request.user, offer, wanted.plan, "")


def _give(request: HttpRequest, user: User, offer: Offer, plan_id: str, application_id: str) -> HttpResponse:
    """Give access under a plan. Without a plan's id, access that there is already will do: it is not exchanged."""
    had = next((access for access in applications_for(user, offer.product) if access.active or access.pending), None)
    if not plan_id and had is not None and (had.pending or had.key):
        return _shown(offer, had.application.id, pending=had.pending)
    plan = _plan(offer, plan_id)
    if plan is None:
        messages.error(request, "That plan is not offered any more. Choose another one.")
        return redirect("developer:product", offer.slug)
    try:
        application_id = give_access(request, user, offer, plan, application_id)
    except AwsError as error:
        messages.error(request, error.message)
        return redirect("developer:product", offer.slug)
    if plan.approval_required:
        messages.info(request, f"You asked for access to {offer.name}. Its state is shown here.")
    return _shown(offer, application_id, pending=plan.approval_required)


def _shown(offer: Offer, application_id: str, *, pending: bool) -> HttpResponse:
    if pending:
        return redirect("developer:application", application_id)
    return redirect(first_request_url(offer, application_id))


def first_request_url(offer: Offer, application_id: str) -> str:
    """The reference at the operation to start with, where the application's key is filled in."""
    query = {"app": application_id}
    for api in offer.apis:
        operation = simplest(api)
        if operation is not None:
            path = reverse("developer:reference_of_api", args=[offer.slug, api.slug])
            return f"{path}?{urlencode({'operation': operation.anchor, **query})}#try-it"
    return f"{reverse('developer:reference', args=[offer.slug])}?{urlencode(query)}"


def _plan(offer: Offer, plan_id: str) -> OfferedPlan | None:
    if plan_id:
        return offer.plan(plan_id)
    return offer.open_plan or next(iter(offer.plans), None)
