"""A published product as an MCP server: JSON-RPC over streamable HTTP, one request and one answer each, without sessions.

What is spoken: initialize, ping, tools/list and tools/call of the Model Context Protocol. The server has nothing to say by itself, so
that there is no stream to listen to (GET is refused, as the protocol has it).
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from portal.developer import tryit
from portal.developer.calling import call_api
from portal.developer.mcp.agents import Agent, AgentMayNotCallError, UnknownAgentError, agent_of
from portal.developer.mcp.tools import Tool, WrongArgumentsError, tool_box
from portal.developer.pace import PACE

Shape = dict[str, Any]

VERSIONS = ("2025-11-25", "2025-06-18")
"""Of the protocol, the newest first."""
MOST_TOOLS = 100
LARGEST_REQUEST = 1024 * 1024
_PARSE_ERROR, _INVALID_REQUEST, _UNKNOWN_METHOD, _INVALID_PARAMS = -32700, -32600, -32601, -32602


class _RefusalError(Exception):
    """A JSON-RPC error."""

    def __init__(self, code: int, message: str, status: int = 200) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


# No cookie opens anything here, so that there is nothing to forge: who calls says so in a header.
@csrf_exempt
@never_cache
def endpoint(request: HttpRequest, slug: str) -> HttpResponse:
    """One message of the protocol."""
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    if not _from_here(request):
        return _error(None, _INVALID_REQUEST, "This page may not call tools.", 403)
    identifier: Any = None
    try:
        agent = agent_of(request, slug)
        message = _message(request)
        identifier = message.get("id")
        if "id" not in message or "method" not in message:
            # Notifications, and answers to what this server never asks.
            return HttpResponse(status=202)
        result = _perform(agent, str(message["method"]), message.get("params") or {})
    except UnknownAgentError as error:
        answer = _error(None, _INVALID_REQUEST, str(error), 401)
        answer.headers["WWW-Authenticate"] = 'Bearer realm="Gatehouse"'
        return answer
    except AgentMayNotCallError as error:
        return _error(None, _INVALID_REQUEST, str(error), 403)
    except Http404 as error:
        return _error(None, _INVALID_REQUEST, str(error), 404)
    except _RefusalError as error:
        return _error(identifier, error.code, error.message, error.status)
    return JsonResponse({"jsonrpc": "2.0", "id": identifier, "result": result})


def _message(request: HttpRequest) -> Shape:
    wanted = request.headers.get("MCP-Protocol-Version", "")
    try:
        message = json.loads(_body(request))
    except (ValueError, RecursionError) as error:
        raise _RefusalError(_PARSE_ERROR, "This is no JSON.", 400) from error
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0" or not _is_id(message.get("id")):
        raise _RefusalError(_INVALID_REQUEST, "This is no JSON-RPC message.", 400)
    if wanted and wanted not in VERSIONS:
        raise _RefusalError(_INVALID_REQUEST, f"The protocol is spoken in its versions {', '.join(VERSIONS)}.", 400)
    return message


def _body(request: HttpRequest) -> bytes:
    too_large = _RefusalError(_INVALID_REQUEST, "A message has at most 1 MB.", 413)
    try:
        body = request.body
    except RequestDataTooBig as error:
        raise too_large from error
    if len(body) > LARGEST_REQUEST:
        raise too_large
    return body


def _is_id(value: Any) -> bool:
    return value is None or (isinstance(value, str | int) and not isinstance(value, bool))


def _perform(agent: Agent, method: str, params: Any) -> Shape:
    if not isinstance(params, dict):
        raise _RefusalError(_INVALID_PARAMS, "params is an object.")
    match method:
        case "initialize":
            return _initialize(agent, params)
        case "ping":
            return {}
        case "tools/list":
            return _list_tools(agent, params)
        case "tools/call":
            return _call_tool(agent, params)
    raise _RefusalError(_UNKNOWN_METHOD, f"This server does not do {method[:100]}.")


def _initialize(agent: Agent, params: Shape) -> Shape:
    wanted = params.get("protocolVersion")
    product = agent.offer
    key = "Calls carry the key of its application." if agent.key else "No application of yours has a key for it yet."
    return {
        "protocolVersion": wanted if wanted in VERSIONS else VERSIONS[0],
        "capabilities": {"tools": {}},
        "serverInfo": {"name": product.slug, "title": product.name, "version": product.version or "1"},
        "instructions": f"{product.summary or product.name} {key}".strip(),
    }


def _list_tools(agent: Agent, params: Shape) -> Shape:
    cursor = params.get("cursor")
    start = 0
    if cursor is not None:
        if not (isinstance(cursor, str) and cursor.isascii() and cursor.isdigit() and len(cursor) < 7):
            raise _RefusalError(_INVALID_PARAMS, "The cursor is none that this server gave.")
        start = int(cursor)
    box = tool_box(agent.offer)
    result: Shape = {"tools": box.shapes(start, MOST_TOOLS)}
    if start + MOST_TOOLS < len(box.tools):
        result["nextCursor"] = str(start + MOST_TOOLS)
    return result


def _call_tool(agent: Agent, params: Shape) -> Shape:
    name, arguments = params.get("name"), params.get("arguments") or {}
    found = tool_box(agent.offer).tools.get(name) if isinstance(name, str) else None
    if found is None:
        raise _RefusalError(_INVALID_PARAMS, f"Unknown tool: {str(name)[:100]}")
    if not isinstance(arguments, dict):
        raise _RefusalError(_INVALID_PARAMS, "arguments is an object.")
    api, tool = found
    wait = PACE.wait_for(f"user:{agent.user.pk}")
    if wait:
        return _failed(f"The portal sends three requests a second for you. Try again in {wait} s.")
    try:
        attempt = tool.attempt(arguments, agent.key.value if agent.key else "", _token_for(agent, tool))
    except WrongArgumentsError as error:
        return _failed(str(error))
    return _told(call_api(api, agent.key, attempt))


def _token_for(agent: Agent, tool: Tool) -> str:
    return agent.access_token() if tool.operation.token_header else ""


def _told(answer: tryit.Answer) -> Shape:
    """What the API answered, as the result of a tool: an error where it is one, with its status in words."""
    if answer.problem:
        return _failed(answer.problem)
    failed = not 200 <= answer.status < 300
    text = f"HTTP {answer.status_line}\n\n{answer.body}".strip() if failed else answer.body
    if answer.truncated:
        text += "\n(shortened)"
    facts = {"gatehouse/status": answer.status, "gatehouse/requestId": answer.header("x-amzn-requestid")}
    return {"content": [{"type": "text", "text": text}], "isError": failed, "_meta": facts}


def _failed(text: str) -> Shape:
    return {"content": [{"type": "text", "text": text}], "isError": True}


def _error(identifier: Any, code: int, message: str, status: int) -> HttpResponse:
    shape = {"jsonrpc": "2.0", "id": identifier, "error": {"code": code, "message": message}}
    return JsonResponse(shape, status=status)


def _from_here(request: HttpRequest) -> bool:
    """Whether it is a program that asks, or a page of the portal: a page of another site has to be no way in."""
    origin = request.headers.get("Origin", "")
    own = {urlsplit(settings.ENVIRONMENT.portal_url).netloc, request.get_host()}
    return not origin or urlsplit(origin).netloc in own
