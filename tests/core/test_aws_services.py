"""The tables of AWS's services are those of its service models, and the operator may name other end points."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.loaders import Loader

from apps.core.aws_access import AwsAccess
from apps.core.aws_services import JsonAction, QueryAction, action_of, host_of, signing_name, signing_region
from apps.core.environment import BadEnvironment, read_environment

# Taken over the query although their models say JSON, and models that share an end point with a newer one.
_ASKED_BY_QUERY = {"sqs", "ssm"}
_OLDER = {"docdb", "neptune", "elb", "importexport", "sdb", "kinesisanalytics"}


def models() -> Iterator[tuple[str, dict[str, Any]]]:
    loader = Loader()
    for name in loader.list_available_services("service-2"):
        if name not in _OLDER:
            yield name, loader.load_service_model(name, "service-2")["metadata"]


def test_actions_travel_as_the_service_models_say() -> None:
    for name, metadata in models():
        action = action_of(metadata["endpointPrefix"])
        protocols = metadata.get("protocols") or [metadata["protocol"]]
        if {"query", "ec2"} & set(protocols):
            assert action == QueryAction(metadata["apiVersion"]), name
        elif name in _ASKED_BY_QUERY:
            assert isinstance(action, QueryAction)
        elif "json" in protocols and "targetPrefix" in metadata:
            assert action == JsonAction(metadata["targetPrefix"], metadata["jsonVersion"]), name
        else:
            assert action is None or metadata["endpointPrefix"] in ("rds", "email"), name


def test_requests_are_signed_for_the_name_that_the_service_models_say() -> None:
    for name, metadata in models():
        if name != "pinpoint-email":  # shares its end point
            expected = metadata.get("signingName") or metadata["endpointPrefix"].rpartition(".")[2]
            assert signing_name(metadata["endpointPrefix"]) == expected, name


@pytest.mark.parametrize(
    ("place", "host", "region"),
    [
        (("sqs", "eu-west-1", "aws"), "sqs.eu-west-1.amazonaws.com", "eu-west-1"),
        (("sqs", "cn-north-1", "aws-cn"), "sqs.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        (("bucket.s3", "eu-west-1", "aws"), "bucket.s3.eu-west-1.amazonaws.com", "eu-west-1"),
        (("iam", "eu-west-1", "aws"), "iam.amazonaws.com", "us-east-1"),
    ],
)
def test_a_service_has_an_address_and_a_region(place: tuple[str, str, str], host: str, region: str) -> None:
    assert (host_of(*place), signing_region(*place)) == (host, region)


def test_the_operator_names_end_points_for_all_services_or_for_one() -> None:
    aws = read_environment(
        {
            "GATEHOUSE_AWS_ENDPOINT_URL": "http://all:4566/",
            "GATEHOUSE_AWS_ENDPOINT_URL_STREAMS_DYNAMODB": "http://streams:1",
            "GATEHOUSE_AWS_ACCESS_KEY_ID": "AKIA",
            "GATEHOUSE_AWS_SECRET_ACCESS_KEY": "secret",
        }
    ).aws

    assert aws.end_point("sqs", "us-east-1", "aws") == "http://all:4566"
    assert aws.end_point("streams.dynamodb", "us-east-1", "aws") == "http://streams:1"
    assert aws.credentials is not None
    assert AwsAccess().end_point("sqs", "us-east-1", "aws") == "https://sqs.us-east-1.amazonaws.com"


def test_the_operator_names_the_accounts_that_may_use_the_key() -> None:
    variables = {"GATEHOUSE_AWS_ACCESS_KEY_ID": "AKIA", "GATEHOUSE_AWS_SECRET_ACCESS_KEY": "secret"}
    everybodys = read_environment(variables).aws
    ones = read_environment({**variables, "GATEHOUSE_AWS_ACCOUNTS": "123456789012, 210987654321"}).aws

    assert everybodys.credentials_of("000000000000") is not None
    assert ones.credentials_of("210987654321") is not None
    assert ones.credentials_of("000000000000") is None


def test_roles_are_assumed_unless_the_operator_says_otherwise() -> None:
    said = [read_environment({"GATEHOUSE_AWS_ROLES": word}).aws.assumes_roles for word in ("", "assume", "operator")]

    assert said == [True, True, False]
    assert AwsAccess().assumes_roles


@pytest.mark.parametrize(
    "variables",
    [
        {"GATEHOUSE_AWS_ROLES": "never"},
        {"GATEHOUSE_AWS_ACCESS_KEY_ID": "AKIA"},
        {"GATEHOUSE_AWS_ENDPOINT_URL_SQS": "sqs:9324"},
        {"GATEHOUSE_AWS_ACCOUNTS": "123456789012,pets"},
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(variables: dict[str, str]) -> None:
    with pytest.raises(BadEnvironment, match="GATEHOUSE_AWS"):
        read_environment(variables)
