"""Carries out the steps of `every_operation` and `every_v2_operation`, and keeps what they name for later ones."""

from __future__ import annotations

import re
from typing import Any

from botocore import xform_name

from tests.builders import a_caller, call
from tests.conformance.every_operation import Shape, Step
from tests.conformance.sequences import Client

World = dict[str, str]
_NAME = re.compile(r"\{(\w+)\}")


def filled(value: Any, world: World) -> Any:
    """A request with what its names stand for."""
    match value:
        case str():
            return _NAME.sub(lambda name: world.get(name[1], name[0]), value)
        case dict():
            return {key: filled(item, world) for key, item in value.items()}
        case list():
            return [filled(item, world) for item in value]
    return value


def perform(client: Client, operation: str, request: Shape, world: World) -> Shape:
    answer: Shape = getattr(client, xform_name(operation))(**filled(request, world))
    if operation in ("GetExport", "GetSdk", "ExportApi"):
        answer["body"].read()
    return answer


def take(client: Client, step: Step, world: World) -> None:
    if step.operation == "RejectDomainNameAccessAssociation":
        world["anothers"] = anothers_association(client, world)
    answer = perform(client, step.operation, step.request, world)
    world.update({name: answer[member] for name, member in step.keeps.items()})


def anothers_association(client: Client, world: World) -> str:
    """The ARN of an association that another account has made with the private name."""
    policy = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", '
        '"Action": "apigateway:CreateAccessAssociation", "Resource": "*"}]}'
    )
    client.update_domain_name(
        domainName="private.example.com",
        domainNameId=world["name_id"],
        patchOperations=[{"op": "replace", "path": "/managementPolicy", "value": policy}],
    )
    place = {"domainNameArn": world["name_arn"], "accessAssociationSource": "vpce-2"}
    made = call(
        a_caller("222222222222"), "CreateDomainNameAccessAssociation", **place, accessAssociationSourceType="VPCE"
    )
    return str(made["domainNameAccessAssociationArn"])
