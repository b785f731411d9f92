"""Whether a function's resource policy lets API Gateway invoke it on behalf of an API."""

from __future__ import annotations

from functools import lru_cache

from apps.core.function_documents import FunctionDocument
from apps.core.function_names import FunctionName
from apps.core.iam import Decision, Policy, Principal, compile_policy

_API_GATEWAY = Principal(service="apigateway.amazonaws.com")


def allows_api_gateway(document: FunctionDocument, name: FunctionName, source_arn: str) -> bool:
    """Whether the policy of exactly the invoked function, version or alias allows it; without a policy nobody may."""
    text = document.policies.get(name.qualifier)
    if text is None:
        return False
    account_id = source_arn.split(":")[4] if source_arn.count(":") > 4 else ""
    context = {"aws:SourceArn": [source_arn], "aws:SourceAccount": [account_id]}
    decision = _compiled(text).decide("lambda:InvokeFunction", name.qualified_arn, context, _API_GATEWAY)
    return decision is Decision.ALLOW


@lru_cache(maxsize=1024)
def _compiled(text: str) -> Policy:
    return compile_policy(text, principals=True)
