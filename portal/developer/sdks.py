"""The clients of an API that the portal offers, and the settings with which they are generated."""

from __future__ import annotations

SDKS = (("python", "Python"), ("javascript", "JavaScript"), ("java", "Java"), ("ruby", "Ruby"))
"""Kinds of GetSdk, with what people call them."""

SDK_SETTINGS: dict[str, dict[str, str]] = {
    "python": {"packageName": "api_client"},
    "javascript": {},
    "java": {"service.name": "ApiClient", "java.package-name": "com.example.api"},
    "ruby": {"service.name": "ApiClient"},
}
