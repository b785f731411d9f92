"""Access associations: who reaches a private name, and who says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from apps.control_plane.caller import Caller
from apps.control_plane.errors import AwsError, BadRequestException, ConflictException, NotFoundException
from tests.builders import a_caller, call

CONSUMER = "222222222222"
ENDPOINT = "vpce-0abcd1234efg"


@pytest.fixture
def consumer(db: None) -> Caller:
    return a_caller(CONSUMER)


def a_private_name(owner: Caller, statement: dict[str, Any] | None = None) -> str:
    """The ARN of a private name whose management policy has the statement."""
    certificate = f"arn:aws:acm:us-east-1:{owner.account_id}:certificate/private"
    shape = call(
        owner,
        "CreateDomainName",
        domainName="private.example.com",
        certificateArn=certificate,
        endpointConfiguration={"types": ["PRIVATE"]},
    )
    if statement is not None:
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        patch = {"op": "replace", "path": "/managementPolicy", "value": policy}
        name = {"domainName": shape["domainName"], "domainNameId": shape["domainNameId"]}
        assert call(owner, "UpdateDomainName", **name, patchOperations=[patch])["managementPolicy"] == policy
    return str(shape["domainNameArn"])


def sharing(**members: Any) -> dict[str, Any]:
    """A statement that lets the consumer associate endpoints."""
    return {
        "Effect": "Allow",
        "Principal": {"AWS": [CONSUMER]},
        "Action": "apigateway:CreateAccessAssociation",
        "Resource": "arn:aws:apigateway:us-east-1:*:/domainnames/private.example.com+*",
        **members,
    }


def associate(caller: Caller, name: str, endpoint: str = ENDPOINT) -> dict[str, Any]:
    return call(
        caller,
        "CreateDomainNameAccessAssociation",
        domainNameArn=name,
        accessAssociationSourceType="VPCE",
        accessAssociationSource=endpoint,
    )


def associations(caller: Caller, **members: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = call(caller, "GetDomainNameAccessAssociations", **members)["items"]
    return found


def test_an_owner_associates_an_endpoint_once(caller: Caller) -> None:
    name = a_private_name(caller)

    shape = associate(caller, name)

    place = "/domainnameaccessassociations/domainname/private.example.com/vpcesource"
    assert shape == {
        "domainNameAccessAssociationArn": f"arn:aws:apigateway:us-east-1:123456789012:{place}/{ENDPOINT}",
        "domainNameArn": name,
        "accessAssociationSourceType": "VPCE",
        "accessAssociationSource": ENDPOINT,
    }
    with pytest.raises(ConflictException, match="already has an access association"):
        associate(caller, name)
    with pytest.raises(BadRequestException, match="Invalid VPC endpoint ID"):
        associate(caller, name, "eni-1")


def test_others_associate_when_the_management_policy_lets_them(caller: Caller, consumer: Caller) -> None:
    name = a_private_name(caller, sharing())

    arn = associate(consumer, name)["domainNameAccessAssociationArn"]

    assert [item["domainNameArn"] for item in call(consumer, "GetDomainNames", resourceOwner="OTHER_ACCOUNTS")["items"]] == [name]  # fmt: skip
    assert call(consumer, "GetDomainNames", resourceOwner="SELF")["items"] == []
    assert [item["domainNameAccessAssociationArn"] for item in associations(consumer, resourceOwner="SELF")] == [arn]
    assert associations(consumer, resourceOwner="OTHER_ACCOUNTS") == []
    assert associations(caller, resourceOwner="SELF") == []
    assert [item["domainNameAccessAssociationArn"] for item in associations(caller)] == [arn]


@pytest.mark.parametrize(
    "statement",
    [
        None,
        sharing(Principal={"AWS": ["333333333333"]}),
        sharing(Action="apigateway:RejectAccessAssociation"),
        sharing(Resource="arn:aws:apigateway:us-east-1:*:/domainnames/other.example.com+*"),
        sharing(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
        sharing(Effect="Deny"),
    ],
)
def test_a_name_that_is_not_shared_is_unknown_to_others(
    caller: Caller, consumer: Caller, statement: dict[str, Any] | None
) -> None:
    name = a_private_name(caller, statement)

    with pytest.raises(NotFoundException, match="Invalid domain name identifier specified"):
        associate(consumer, name)
    assert call(consumer, "GetDomainNames")["items"] == []


@pytest.mark.parametrize("principal", ["*", {"AWS": f"arn:aws:iam::{CONSUMER}:root"}, {"AWS": "*"}])
def test_principals_are_read_as_iam_writes_them(caller: Caller, consumer: Caller, principal: Any) -> None:
    name = a_private_name(caller, sharing(Principal=principal, Action="apigateway:*"))

    assert associate(consumer, name)["domainNameArn"] == name


def test_the_owner_of_a_name_rejects_what_others_associated(caller: Caller, consumer: Caller) -> None:
    name = a_private_name(caller, sharing())
    theirs = associate(consumer, name)["domainNameAccessAssociationArn"]
    own = associate(caller, name)["domainNameAccessAssociationArn"]

    def reject(by: Caller, association: str) -> None:
        call(
            by,
            "RejectDomainNameAccessAssociation",
            domainNameAccessAssociationArn=association,
            domainNameArn=name,
        )

    with pytest.raises(NotFoundException):
        reject(consumer, theirs)
    with pytest.raises(BadRequestException, match="Delete it instead"):
        reject(caller, own)
    reject(caller, theirs)
    assert associations(consumer) == []


def test_only_its_owner_deletes_an_association(caller: Caller, consumer: Caller) -> None:
    theirs = associate(consumer, a_private_name(caller, sharing()))["domainNameAccessAssociationArn"]

    with pytest.raises(AwsError, match="Invalid domain name access association identifier specified"):
        call(caller, "DeleteDomainNameAccessAssociation", domainNameAccessAssociationArn=theirs)
    call(consumer, "DeleteDomainNameAccessAssociation", domainNameAccessAssociationArn=theirs)
    assert associations(caller) == []


def test_associations_travel_over_the_wire_with_their_arns_in_the_path(aws: Callable[..., Any], caller: Caller) -> None:
    client = aws()
    made = client.create_domain_name_access_association(
        domainNameArn=a_private_name(caller),
        accessAssociationSourceType="VPCE",
        accessAssociationSource=ENDPOINT,
        tags={"team": "shop"},
    )

    arn = made["domainNameAccessAssociationArn"]
    assert client.get_tags(resourceArn=arn)["tags"] == {"team": "shop"}
    assert client.get_domain_name_access_associations()["items"][0]["tags"] == {"team": "shop"}
    client.delete_domain_name_access_association(domainNameAccessAssociationArn=arn)
    assert client.get_domain_name_access_associations()["items"] == []
