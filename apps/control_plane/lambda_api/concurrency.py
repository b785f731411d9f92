"""Reserved concurrency: how many invocations of a function run at once."""

from __future__ import annotations

from apps.control_plane.caller import Caller
from apps.control_plane.lambda_api.finding import find_function, held_function
from apps.control_plane.registry import Shape, operation
from apps.deployments.function_publisher import publish_function


@operation("PutFunctionConcurrency", service="lambda")
def put_function_concurrency(caller: Caller, request: Shape) -> Shape:
    """Let no more than so many invocations run at once; none at all for 0."""
    function = held_function(caller, request)
    function.reserved_concurrency = request["ReservedConcurrentExecutions"]
    function.save(update_fields=["reserved_concurrency"])
    publish_function(function)
    return {"ReservedConcurrentExecutions": function.reserved_concurrency}


@operation("GetFunctionConcurrency", service="lambda")
def get_function_concurrency(caller: Caller, request: Shape) -> Shape:
    """What is reserved; nothing where nothing is."""
    reserved = find_function(caller, request).reserved_concurrency
    return {} if reserved is None else {"ReservedConcurrentExecutions": reserved}


@operation("DeleteFunctionConcurrency", service="lambda")
def delete_function_concurrency(caller: Caller, request: Shape) -> Shape:
    """Leave the limit to the function host again."""
    function = held_function(caller, request)
    function.reserved_concurrency = None
    function.save(update_fields=["reserved_concurrency"])
    publish_function(function)
    return {}
