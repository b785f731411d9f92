"""URIs of AWS integrations, and the functions that they name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.integration_uris import AwsUri, FunctionUri, function_arn, function_of, parse_aws_uri

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:pets"
PLACE = {"partition": "aws", "region": "eu-west-1", "account_id": "123456789012"}


@pytest.mark.parametrize(
    ("uri", "parts"),
    [
        (
            "arn:aws:apigateway:eu-west-1:sqs:path/123456789012/queue",
            ("aws", "eu-west-1", "", "sqs", "path", "123456789012/queue"),
        ),
        (
            "arn:aws-cn:apigateway:cn-north-1:dynamodb:action/Scan",
            ("aws-cn", "cn-north-1", "", "dynamodb", "action", "Scan"),
        ),
        (
            "arn:aws:apigateway:us-east-1:my.bucket.s3:path/{key}",
            ("aws", "us-east-1", "my.bucket", "s3", "path", "{key}"),
        ),
        ("arn:aws:apigateway:us-east-1:events:path//", ("aws", "us-east-1", "", "events", "path", "/")),
    ],
)
def test_a_uri_is_read_in_its_parts(uri: str, parts: tuple[str, ...]) -> None:
    assert parse_aws_uri(uri) == AwsUri(*parts)


@pytest.mark.parametrize(
    "uri", ["", "http://example.com", "arn:aws:s3:::bucket", "arn:aws:apigateway:us-east-1:sqs:queue/x"]
)
def test_what_is_no_such_uri_is_refused(uri: str) -> None:
    with pytest.raises(ValueError, match="no URI of an AWS service"):
        parse_aws_uri(uri)


@pytest.mark.parametrize(
    ("path", "function"),
    [
        (f"2015-03-31/functions/{ARN}/invocations", FunctionUri(ARN, streams=False)),
        (f"/2015-03-31/functions/{ARN}:live/invocations", FunctionUri(f"{ARN}:live", streams=False)),
        (f"2021-11-15/functions/{ARN}/response-streaming-invocations", FunctionUri(ARN, streams=True)),
        ("2015-03-31/functions", None),
    ],
)
def test_a_uri_of_lambda_names_the_function_that_it_invokes(path: str, function: FunctionUri | None) -> None:
    assert function_of(parse_aws_uri(f"arn:aws:apigateway:eu-west-1:lambda:path/{path}")) == function


@pytest.mark.parametrize(
    ("named", "arn"),
    [
        (ARN, ARN),
        (f"{ARN}:$LATEST", f"{ARN}:$LATEST"),
        ("pets", ARN),
        ("pets:live", f"{ARN}:live"),
        ("210987654321:function:pets", ARN.replace("123456789012", "210987654321")),
        ("function:pets:7", f"{ARN}:7"),
    ],
)
def test_a_function_is_known_by_arn_by_part_of_one_and_by_name(named: str, arn: str) -> None:
    assert function_arn(named, **PLACE) == arn


@given(st.text(max_size=80))
def test_whatever_the_text_it_is_read_or_refused(text: str) -> None:
    for uri in (text, f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{text}/invocations"):
        try:
            named = function_of(parse_aws_uri(uri))
            if named is not None:
                assert function_arn(named.function, **PLACE).startswith("arn:")
        except ValueError:
            continue
