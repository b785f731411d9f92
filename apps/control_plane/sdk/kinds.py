"""The kinds of SDK that can be asked for, with their settings, as AWS lists them; Python is Gatehouse's own."""

from __future__ import annotations

from typing import NamedTuple


class Setting(NamedTuple):
    """Something that a kind of SDK has to be told, or may be (`required`)."""

    name: str
    title: str
    description: str
    required: bool = True
    default: str | None = None


class Kind(NamedTuple):
    """One kind of SDK."""

    id: str
    title: str
    description: str
    settings: tuple[Setting, ...] = ()


_PREFIX = Setting("classPrefix", "Prefix", "Used to prefix the names of the generated classes")

KINDS = (
    Kind(
        "android",
        "Android",
        "Android SDK",
        (
            Setting("groupId", "Group ID", "The group ID of the Maven artifact"),
            Setting("artifactId", "Artifact ID", "The artifact ID of the Maven artifact"),
            Setting("artifactVersion", "Artifact version", "The version of the Maven artifact"),
            Setting("invokerPackage", "Invoker package", "The package of the generated classes"),
        ),
    ),
    Kind(
        "java",
        "Java SDK",
        "Java SDK",
        (
            Setting("serviceName", "Service Name", "Used to name the Java interface of the API"),
            Setting("javaPackageName", "Java Package Name", "The package of the generated classes"),
            Setting("javaBuildSystem", "Java Build System", "maven or gradle", required=False, default="maven"),
            Setting("javaGroupId", "Java Group ID", "The group ID of the Maven artifact", required=False),
            Setting("javaArtifactId", "Java Artifact ID", "The artifact ID of the Maven artifact", required=False),
            Setting(
                "javaArtifactVersion", "Java Artifact Version", "Its version", required=False, default="1.0-SNAPSHOT"
            ),
        ),
    ),
    Kind("javascript", "JavaScript", "JavaScript SDK"),
    Kind("objectivec", "iOS (Objective-C)", "iOS SDK for Objective-C", (_PREFIX,)),
    Kind(
        "ruby",
        "Ruby",
        "Ruby SDK",
        (
            Setting("serviceName", "Service Name", "Used to name the module of the gem"),
            Setting("rubyGemName", "Ruby Gem Name", "The name of the gem", required=False),
            Setting("rubyGemVersion", "Ruby Gem Version", "The version of the gem", required=False, default="1.0.0"),
        ),
    ),
    Kind("swift", "iOS (Swift)", "iOS SDK for Swift", (_PREFIX,)),
    Kind(
        "python",
        "Python",
        "Python SDK without dependencies, an extra of Gatehouse",
        (Setting("packageName", "Package Name", "The name of the package", required=False, default="gateway_client"),),
    ),
)
