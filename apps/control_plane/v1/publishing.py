"""The border to publication: what `apps.deployments` refuses becomes AWS's error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from apps.control_plane.errors import BadRequestException, NotImplementedException
from apps.deployments import publisher
from apps.deployments.freeze import NotDeployable, UnsupportedForDeployment
from apps.deployments.models import Stage


@contextmanager
def refusals_in_aws_words() -> Iterator[None]:
    """An API that is not complete is a bad request; one that the runtime cannot serve yet is not implemented."""
    try:
        yield
    except NotDeployable as error:
        raise BadRequestException(str(error)) from error
    except UnsupportedForDeployment as error:
        raise NotImplementedException(str(error)) from error


def publish_stage(stage: Stage) -> None:
    """Publish a stage within the operation's transaction; raises NotImplementedException for what cannot be served."""
    with refusals_in_aws_words():
        publisher.publish_stage(stage)
