"""VPC links, as the real service was recorded to answer."""

from __future__ import annotations

from tests.conformance.sequences import Client, Open


def test_what_a_link_cannot_be_made_of(api_gateway: Client, recording: Open) -> None:
    replay, create = recording("test_create_vpc_link_invalid_parameters"), api_gateway.create_vpc_link
    target = "arn:aws:elasticloadbalancing:us-east-1:111111111111:loadbalancer/net/a/50dc6c495c0c9188"
    replay.check("create_vpc_link_empty_name", create, name="", targetArns=[target])
    replay.check("create_vpc_link_invalid_target_arn", create, name="a link", targetArns=["invalid-arn"])
    replay.finish()


def test_links_that_are_not_there(api_gateway: Client, recording: Open) -> None:
    for verb in ("get", "delete"):
        replay = recording(f"test_{verb}_vpc_link_invalid_id")
        call = getattr(api_gateway, f"{verb}_vpc_link")
        replay.check(f"{verb}_vpc_link_invalid_id", call, vpcLinkId="invalid-id")
        replay.finish()
