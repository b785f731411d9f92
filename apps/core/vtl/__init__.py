"""The Velocity template language of mapping templates: an engine of our own, without I/O, that both planes compile templates with.

A template reaches the values it is given and the methods in the tables of `methods`, within the budget of one run.
"""

from apps.core.vtl.budget import LIMITS, Budget, Limits
from apps.core.vtl.compiler import Template
from apps.core.vtl.errors import VtlError, VtlLimitExceeded, VtlSyntaxError
from apps.core.vtl.values import UNDEFINED, JavaList, VtlObject

__all__ = [
    "LIMITS",
    "UNDEFINED",
    "Budget",
    "JavaList",
    "Limits",
    "Template",
    "VtlError",
    "VtlLimitExceeded",
    "VtlObject",
    "VtlSyntaxError",
]
