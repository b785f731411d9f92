"""Taking back what one has just changed."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect

from apps.control_plane.errors import AwsError
from portal.console.entrance import safe_goal
from portal.console.gate import Console, console_page


@console_page("POST")
def undo(console: Console) -> HttpResponseBase:
    """Undo the changes that a page has offered to, all or none, and go on from there."""
    given = console.request.POST
    try:
        console.call("UndoChanges", {"undoIds": given.getlist("undo")}, "gatehouse")
    except AwsError as error:
        messages.error(console.request, error.message)
    else:
        messages.success(console.request, "It is as it was before.")
    return redirect(safe_goal(console.request, given.get("next", "")))
