"""What the gateway itself answers: the 21 types of gateway response, as data, and the one error that phases raise."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class GatewayResponse(NamedTuple):
    """One type of gateway response: its status, the value of `x-amzn-errortype` and the message it gives by default.

    AWS tells callers nothing of what is wrong with an authorizer: there the message is None, in JSON null.
    """

    name: str
    status: int
    error_type: str
    message: str | None


_TABLE = (
    GatewayResponse("DEFAULT_4XX", 400, "BadRequestException", "Bad Request"),
    GatewayResponse("DEFAULT_5XX", 500, "InternalServerErrorException", "Internal server error"),
    GatewayResponse("ACCESS_DENIED", 403, "AccessDeniedException", "User is not authorized to access this resource"),
    GatewayResponse("API_CONFIGURATION_ERROR", 500, "InternalServerErrorException", "Internal server error"),
    GatewayResponse("AUTHORIZER_CONFIGURATION_ERROR", 500, "AuthorizerConfigurationException", None),
    GatewayResponse("AUTHORIZER_FAILURE", 500, "AuthorizerFailureException", None),
    GatewayResponse("BAD_REQUEST_BODY", 400, "BadRequestException", "Invalid request body"),
    GatewayResponse("BAD_REQUEST_PARAMETERS", 400, "BadRequestException", "Missing required request parameters"),
    GatewayResponse(
        "EXPIRED_TOKEN", 403, "ExpiredTokenException", "The security token included in the request is expired"
    ),
    GatewayResponse("INTEGRATION_FAILURE", 504, "GatewayTimeoutException", "Network error communicating with endpoint"),
    GatewayResponse("INTEGRATION_TIMEOUT", 504, "InternalServerErrorException", "Endpoint request timed out"),
    GatewayResponse("INVALID_API_KEY", 403, "ForbiddenException", "Forbidden"),
    GatewayResponse(
        "INVALID_SIGNATURE",
        403,
        "InvalidSignatureException",
        "The request signature we calculated does not match the signature you provided.",
    ),
    GatewayResponse(
        "MISSING_AUTHENTICATION_TOKEN", 403, "MissingAuthenticationTokenException", "Missing Authentication Token"
    ),
    GatewayResponse("QUOTA_EXCEEDED", 429, "LimitExceededException", "Limit Exceeded"),
    GatewayResponse("REQUEST_TOO_LARGE", 413, "RequestEntityTooLargeException", "Request Too Long"),
    GatewayResponse("RESOURCE_NOT_FOUND", 404, "NotFoundException", "Not Found"),
    GatewayResponse("THROTTLED", 429, "TooManyRequestsException", "Too Many Requests"),
    GatewayResponse("UNAUTHORIZED", 401, "UnauthorizedException", "Unauthorized"),
    GatewayResponse("UNSUPPORTED_MEDIA_TYPE", 415, "BadRequestException", "Unsupported Media Type"),
    GatewayResponse("WAF_FILTERED", 403, "ForbiddenException", "Forbidden"),
)

GATEWAY_RESPONSES: dict[str, GatewayResponse] = {entry.name: entry for entry in _TABLE}


class GatewayError(Exception):
    """The gateway answers instead of the integration.

    `name` is the type of gateway response. `status` and `message` replace the type's own; `headers` are added to the
    answer. `detail` is for the log and never reaches the client. `validation` tells in detail what is wrong with the request;
    it is asked for where somebody wants to know. `member` is what the body calls the message: IAM writes `Message`.
    `explanation` stands behind the message in the answer alone: it repeats what the caller has sent, so no log has it.
    """

    def __init__(
        self,
        name: str,
        *,
        status: int | None = None,
        message: str | None = None,
        error_type: str | None = None,
        headers: tuple[tuple[bytes, bytes], ...] = (),
        detail: str = "",
        validation: Callable[[], str] | None = None,
        member: str = "message",
        explanation: str = "",
    ) -> None:
        super().__init__(detail or name)
        kind = GATEWAY_RESPONSES[name]
        self.name = name
        self.status = status or kind.status
        self.message = message or kind.message
        self.error_type = error_type or kind.error_type
        self.headers = headers
        self.detail = detail
        self.validation = validation
        self.member = member
        self.explanation = explanation

    def told(self) -> str | None:
        """What the caller is told: the message, and the explanation behind it."""
        return None if self.message is None else self.message + self.explanation


def forbidden() -> GatewayError:
    """What AWS answers for an API or a stage that it does not know."""
    return GatewayError("DEFAULT_4XX", status=403, message="Forbidden", error_type="ForbiddenException")


def bad_response(detail: str) -> GatewayError:
    """The back end answered something that is no usable response."""
    return GatewayError("DEFAULT_5XX", status=502, detail=detail)
