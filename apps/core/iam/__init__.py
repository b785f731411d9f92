"""The IAM policy language: identity policies, resource policies of APIs, and the policies that Lambda authorizers return.

    policy = compile_policy(document)                     # once; raises IllFormedPolicy
    policy.decide("execute-api:Invoke", arn, {"aws:SourceIp": ["192.0.2.1"]}, principal)

A decision takes microseconds and time that grows linearly with what it looks at, whatever the policy's author wrote.
"""

from __future__ import annotations

from apps.core.iam.errors import IllFormedPolicy
from apps.core.iam.policy import LONGEST_POLICY, Decision, Policy, check_resource_policy, compile_policy
from apps.core.iam.principals import Principal

__all__ = [
    "LONGEST_POLICY",
    "Decision",
    "IllFormedPolicy",
    "Policy",
    "Principal",
    "check_resource_policy",
    "compile_policy",
]
