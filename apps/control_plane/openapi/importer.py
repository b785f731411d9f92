"""Definitions on their way into an API: `definition` reads one to be written, `preview` one to be looked at first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from apps.control_plane.errors import AwsError, BadRequestException, LimitExceededException, NotImplementedException
from apps.control_plane.openapi import resource_tree
from apps.control_plane.openapi.document import Document, load
from apps.control_plane.openapi.documentation_parts import DOCUMENTATION, PartSpec
from apps.control_plane.openapi.node import Finding, Findings
from apps.control_plane.openapi.positions import Position
from apps.control_plane.openapi.reading import read
from apps.control_plane.openapi.spec import ApiSpec, OperationSpec
from apps.control_plane.openapi.yaml_text import MalformedText

MOST_TOLD = 100
"""Findings of one kind that an answer tells; the rest is counted."""


_EXAMPLE = {"AWS::AccountId": "123456789012", "AWS::Partition": "aws", "AWS::Region": "us-east-1"}
"""What stands for AWS's variables in a preview, which no account asks for."""


@dataclass(frozen=True)
class Definition:
    """A definition without errors. `warnings` are told to the caller and kept with the API."""

    spec: ApiSpec
    document: Document
    findings: Findings

    @property
    def warnings(self) -> list[str]:
        return tell(self.document, self.findings.of("warning"))

    def check(self, *, fail_on_warnings: bool) -> None:
        """Raise what the findings amount to: NotImplementedException, or BadRequestException in AWS's words."""
        raise_findings(self.document, self.findings, fail_on_warnings=fail_on_warnings)


def raise_findings(document: Document, findings: Findings, *, fail_on_warnings: bool) -> None:
    """Raise what findings amount to: NotImplementedException, LimitExceededException, or BadRequestException in AWS's words."""
    unsupported = tell(document, findings.of("unsupported"))
    if unsupported:
        raise NotImplementedException("\n\t".join(unsupported))
    if any(finding.message == resource_tree.TOO_MANY for finding in findings.of("error")):
        raise LimitExceededException(resource_tree.TOO_MANY)
    errors = tell(document, findings.of("error"))
    if errors:
        raise BadRequestException("Errors found during import:\n\t" + "\n\t".join(errors))
    warnings = tell(document, findings.of("warning")) if fail_on_warnings else []
    if warnings:
        raise BadRequestException("Warnings found during import:\n\t" + "\n\t".join(warnings))


def aws_variables(account_id: str, region: str) -> dict[str, str]:
    """The variables that AWS lets definitions use, such as `${AWS::Region}` in ARNs."""
    partition = "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"
    return {"AWS::AccountId": account_id, "AWS::Partition": partition, "AWS::Region": region}


def definition(
    body: bytes, parameters: Mapping[str, str], variables: Mapping[str, str], existing: Iterable[str] = ()
) -> Definition:
    """Read a definition; what it finds is not raised yet. Raises BadRequestException for what is none.

    `variables` are `aws_variables`; `existing` are the paths of the API that it is to be merged into.
    """
    document = load(body, variables)
    spec, findings = read(document, parameters, existing)
    return Definition(spec, document, findings)


def documentation(body: bytes) -> tuple[tuple[PartSpec, ...], list[str]]:
    """The documentation parts of a definition, and warnings about them; raises BadRequestException for what is none."""
    found = definition(body, {}, {})
    place = "#/" + DOCUMENTATION
    warnings = [finding for finding in found.findings.of("warning") if finding.pointer.startswith(place)]
    return found.spec.documentation_parts, tell(found.document, warnings)


def tell(document: Document, findings: list[Finding]) -> list[str]:
    """Findings in words, with where they are: `… (#/paths/~1pets/get, line 12)`."""
    told = findings[:MOST_TOLD]
    places = document.positions({finding.pointer for finding in told})
    messages = [_worded(finding, places.get(finding.pointer)) for finding in told]
    if len(findings) > len(told):
        messages.append(f"… and {len(findings) - len(told)} more.")
    return messages


def _worded(finding: Finding, place: Position | None) -> str:
    return f"{finding.message} ({finding.pointer}{f', line {place.line}' if place else ''})"


@dataclass(frozen=True)
class PreviewNote:
    """Something that import will say. `severity` is error, warning or unsupported; `line` counts from 1."""

    severity: str
    message: str
    pointer: str = "#"
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True)
class PreviewOperation:
    method: str
    path: str
    integration_type: str | None
    target: str | None
    key_required: bool
    summary: str | None


@dataclass(frozen=True)
class Preview:
    """What an import would make. It would succeed when there are no `errors`."""

    title: str | None
    version: str | None
    operations: tuple[PreviewOperation, ...]
    models: tuple[str, ...]
    errors: tuple[PreviewNote, ...]
    warnings: tuple[PreviewNote, ...]


def preview(body: bytes, parameters: Mapping[str, str], existing: Iterable[str] = ()) -> Preview:
    """Read a definition as import would, and tell everything about it instead of raising. Nothing is written."""
    try:
        document = load(body, _EXAMPLE)
        spec, findings = read(document, parameters, existing)
    except AwsError as error:
        return Preview(None, None, (), (), (_refusal(error),), ())
    told = preview_notes([*findings.of("unsupported"), *findings.of("error"), *findings.of("warning")], document)
    return Preview(
        title=spec.name,
        version=spec.version,
        operations=tuple(_preview_operation(operation) for operation in spec.operations),
        models=tuple(model.name for model in spec.models),
        errors=tuple(note for note in told if note.severity != "warning"),
        warnings=tuple(note for note in told if note.severity == "warning"),
    )


def _refusal(error: AwsError) -> PreviewNote:
    place = error.__cause__.position if isinstance(error.__cause__, MalformedText) else None
    return _note(Finding("error", error.message, "#"), place)


def _preview_operation(operation: OperationSpec) -> PreviewOperation:
    integration = operation.integration
    return PreviewOperation(
        method=operation.http_method,
        path=operation.path,
        integration_type=integration.type if integration else None,
        target=integration.uri if integration else None,
        key_required=operation.api_key_required,
        summary=operation.documentation.get("summary"),
    )


def preview_notes(findings: Collection[Finding], document: Document) -> list[PreviewNote]:
    """What was found, with its places in the text."""
    places = document.positions({finding.pointer for finding in findings})
    return [_note(finding, places.get(finding.pointer)) for finding in findings]


def _note(finding: Finding, place: Position | None) -> PreviewNote:
    line, column = (place.line, place.column) if place else (None, None)
    return PreviewNote(finding.severity, finding.message, finding.pointer, line, column)
