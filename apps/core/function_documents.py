"""Configuration documents of Lambda functions."""

from __future__ import annotations

from apps.core.document import Document


class FunctionVersion(Document, frozen=True):
    """One published version of a Lambda function, or `$LATEST`.

    `code_digest` names the deployment package (SHA-256, hexadecimal). `environment` is the sealed JSON of its environment
    variables. `endpoint` is an HTTP URL that takes the event in place of a runtime; `folder` holds the code where the function
    runs. `timeout` is seconds, `memory_size` megabytes.
    """

    version: str
    runtime: str | None
    handler: str | None
    code_digest: str
    memory_size: int = 128
    timeout: int = 3
    environment: str | None = None
    endpoint: str | None = None
    folder: str | None = None


class FunctionAlias(Document, frozen=True):
    """A name for a version. `weights` are the shares (0 to 1) of invocations that go to other versions."""

    name: str
    version: str
    weights: dict[str, float] = {}


class FunctionDocument(Document, frozen=True, tag_field="kind", tag="function"):
    """A Lambda function with everything that an invocation needs.

    `policies` are resource policies (JSON) by qualifier, that of the function itself under the empty one.
    `reserved_concurrency` None leaves the limit to the host.
    """

    account_id: str
    region: str
    name: str
    versions: tuple[FunctionVersion, ...]
    aliases: tuple[FunctionAlias, ...] = ()
    policies: dict[str, str] = {}
    reserved_concurrency: int | None = None
