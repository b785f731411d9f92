"""The kinds of SDK that can be asked for, with their settings, as AWS lists them; Python is Gatehouse's own."""

from __future__ import annotations

from typing import NamedTuple


class Setting(NamedTuple):
    """Something that a kind of SDK has to be told, or may be (`required`). `alias` is its name in AWS's API reference."""

    name: str
    title: str
    description: str
    required: bool = True
    default: str | None = None
    alias: str | None = None


class Kind(NamedTuple):
    """One kind of SDK."""

    id: str
    title: str
    description: str
    settings: tuple[Setting, ...] = ()


_PREFIX = Setting("classPrefix", "Prefix", "Used to prefix the names of the generated classes")


def _spared(name: str, title: str, description: str, alias: str, default: str | None = None) -> Setting:
    return Setting(name, title, description, False, default, alias)


def _service(language: str) -> Setting:
    return Setting(
        "service.name", "Service Name", f"Used to name the client in {language}", alias="serviceName"
    )  # fmt: skip


KINDS = (
    Kind(
        "android",
        "Android",
        "Android SDK",
        (
            Setting("groupId", "Group ID", "The group ID of the Maven artifact"),
            Setting("invokerPackage", "Invoker package", "The package of the generated classes"),
            Setting("artifactId", "Artifact ID", "The artifact ID of the Maven artifact"),
            Setting("artifactVersion", "Artifact version", "The version of the Maven artifact"),
        ),
    ),
    Kind("javascript", "JavaScript", "JavaScript SDK"),
    Kind("objectivec", "iOS (Objective-C)", "iOS SDK for Objective-C", (_PREFIX,)),
    Kind("swift", "iOS (Swift)", "iOS SDK for Swift", (_PREFIX,)),
    Kind(
        "java",
        "Java",
        "Java SDK",
        (
            _service("Java"),
            Setting(
                "java.package-name", "Java Package Name", "The package of the generated classes", alias="javaPackageName"
            ),
            _spared("java.build-system", "Java Build System", "maven or gradle", "javaBuildSystem", "maven"),
            _spared("java.group-id", "Java Group Id", "The group id; else the package", "javaGroupId"),
            _spared("java.artifact-id", "Java Artifact Id", "The artifact id; else the service name", "javaArtifactId"),
            _spared("java.artifact-version", "Java Artifact Version", "The version", "javaArtifactVersion", "1.0-SNAPSHOT"),
            _spared("java.license-text", "Source Code License Text", "Stands above every source file", "javaLicenseText"),
        ),
    ),
    Kind(
        "ruby",
        "Ruby",
        "Ruby SDK",
        (
            _service("Ruby"),
            _spared("ruby.gem-name", "Ruby Gem Name", "The name of the gem; else made of the service name", "rubyGemName"),
            _spared("ruby.gem-version", "Ruby Gem Version", "The version of the gem", "rubyGemVersion", "1.0.0"),
        ),
    ),
    Kind(
        "python",
        "Python",
        "Python SDK without dependencies, an extra of Gatehouse",
        (Setting("packageName", "Package Name", "The name of the package", required=False, default="gateway_client"),),
    ),
)  # fmt: skip
