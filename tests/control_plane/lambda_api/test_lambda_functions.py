"""The operations of Lambda, by an unmodified boto3."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from apps.accounts.models import Account, AuditEvent
from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import AwsError
from apps.control_plane.registry import operations_built
from apps.control_plane.wire.messages import LARGEST_BODY, LARGEST_FUNCTION, largest_body
from apps.control_plane.wire.router import control_plane_router
from apps.control_plane.wire.service_models import operation_model
from apps.core import documents
from apps.core.function_documents import FunctionDocument
from apps.core.secrets import SecretBox
from apps.deployments.models import ConfigurationSection
from apps.functions.models import FunctionCode
from tests.specimens import specimen

ROLE = "arn:aws:iam::123456789012:role/pets"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:pets"


def zipped(text: str = "def handler(event, context): return event", name: str = "app.py") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), text)
    return buffer.getvalue()


@pytest.fixture
def functions(aws: Callable[..., Any], valkey: Any) -> Any:
    return aws("lambda")


def create(client: Any, name: str = "pets", **members: Any) -> Any:
    request = {
        "Runtime": "python3.11",
        "Role": ROLE,
        "Handler": "app.handler",
        "Code": {"ZipFile": zipped()},
        **members,
    }
    return client.create_function(FunctionName=name, **request)


def refusal(call: Callable[..., Any], **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**request)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def published(name: str = "pets") -> FunctionDocument | None:
    section = ConfigurationSection.objects.get(name=f"function/123456789012/us-east-1/{name}")
    if section.document is None:
        return None
    found = documents.decode(section.document.body)
    assert isinstance(found, FunctionDocument)
    return found


def test_a_function_is_created_active_and_shown_as_lambda_shows_it(functions: Any):
    made = create(functions, Environment={"Variables": {"COLOR": "red"}}, Timeout=5, Tags={"team": "shop"})

    functions.get_waiter("function_active_v2").wait(FunctionName="pets")
    functions.get_waiter("function_updated_v2").wait(FunctionName="pets")
    shown = functions.get_function(FunctionName="pets")

    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert made["FunctionArn"] == ARN
    assert (made["State"], made["LastUpdateStatus"], made["Version"], made["PackageType"]) == (
        "Active",
        "Successful",
        "$LATEST",
        "Zip",
    )
    assert made["CodeSha256"] == base64.b64encode(hashlib.sha256(zipped()).digest()).decode()
    assert made["CodeSize"] == len(zipped())
    assert made["Environment"] == {"Variables": {"COLOR": "red"}}
    assert shown["Configuration"]["Timeout"] == 5
    assert shown["Tags"] == {"team": "shop"}
    assert functions.get_function_configuration(FunctionName=ARN)["MemorySize"] == 128
    assert (
        requests.get(
            shown["Code"]["Location"].replace("http://127.0.0.1:8000", functions.meta.endpoint_url), timeout=5
        ).content
        == zipped()
    )


def test_the_code_is_given_only_to_who_may_have_it(functions: Any):
    create(functions)
    digest = hashlib.sha256(zipped()).hexdigest()
    url = f"{functions.meta.endpoint_url}/_gatehouse/function-code/{digest}"

    answers = [
        requests.get(url, timeout=5),
        requests.get(f"{url}?expires=99999999999&signature=00", timeout=5),
        requests.get(url, headers={"Authorization": "Bearer nobody"}, timeout=5),
    ]

    assert [answer.status_code for answer in answers] == [403] * 3


def test_what_is_published_has_the_environment_sealed_and_the_code_by_digest(functions: Any, settings: Any):
    create(functions, Environment={"Variables": {"TOKEN": "very secret"}})

    document = published()

    assert document is not None
    assert "very secret" not in documents.encode(document).decode()
    assert document.versions[0].code_digest == hashlib.sha256(zipped()).hexdigest()
    box = SecretBox(settings.ENVIRONMENT.derived_key("function-environment"))
    assert json.loads(box.open(document.versions[0].environment or "")) == {"TOKEN": "very secret"}
    assert "very secret" not in json.dumps(list(AuditEvent.objects.values_list("request", flat=True)))


@pytest.mark.parametrize(
    ("members", "code", "words"),
    [
        ({"Code": {"ZipFile": b"no zip"}}, "InvalidParameterValueException", "Could not unzip uploaded file. Please check your file, then try to upload again."),
        ({"Code": {}}, "InvalidParameterValueException", "Please provide a source for function code."),
        ({"Code": {"ZipFile": zipped(name="../x.py")}}, "InvalidParameterValueException", "The uploaded file names files outside of itself."),
        ({"Code": {"S3Bucket": "bucket", "S3Key": "key"}}, "NotImplementedException", "S3Bucket of functions is not implemented"),
        ({"Runtime": "java21"}, "NotImplementedException", "The runtime java21 is not implemented"),
        ({"Timeout": 901}, "ValidationException", "1 validation error detected: Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900"),
        ({"MemorySize": 10241}, "ValidationException", "1 validation error detected: Value '10241' at 'memorySize' failed to satisfy constraint: Member must have value less than or equal to 10240"),
        ({"VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}}, "NotImplementedException", "VpcConfig of functions is not implemented"),
        ({"Layers": [f"{ARN.replace('function', 'layer')}:1"]}, "NotImplementedException", "Layers of functions"),
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "InvalidParameterValueException", "Reserved keys used in this request: AWS_REGION"),
        ({"Environment": {"Variables": {"BIG": "x" * 5000}}}, "InvalidParameterValueException", "exceeded the 4KB limit"),
        ({"Tags": {"gatehouse:endpoint": "ftp://x"}}, "InvalidParameterValueException", "must be a URL"),
        ({"Tags": {"gatehouse:folder": "/tmp"}}, "InvalidParameterValueException", "GATEHOUSE_FUNCTION_FOLDERS"),
    ],
)  # fmt: skip
def test_what_a_function_cannot_be_is_refused_in_lambdas_words(functions: Any, members: Any, code: str, words: str):
    found = refusal(create, client=functions, **members)

    assert found[0] == code
    assert words in found[1]
    assert functions.list_functions()["Functions"] == []
    assert not FunctionCode.objects.exists()


def test_a_name_is_taken_once(functions: Any):
    create(functions)

    assert refusal(create, client=functions) == ("ResourceConflictException", "Function already exist: pets")


def test_a_function_that_nobody_has_is_not_found_by_its_arn(functions: Any):
    for call in (functions.get_function, functions.delete_function, functions.get_policy, functions.list_aliases):
        assert refusal(call, FunctionName="pets") == ("ResourceNotFoundException", f"Function not found: {ARN}")
    foreign = ARN.replace("123456789012", "210987654321")
    assert refusal(functions.get_function, FunctionName=foreign)[0] == "AccessDeniedException"


def test_functions_are_listed_in_pages(functions: Any):
    for number in range(5):
        create(functions, f"pets{number}")

    pages = functions.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2})
    names = [[function["FunctionName"] for function in page["Functions"]] for page in pages]

    assert names == [["pets0", "pets1"], ["pets2", "pets3"], ["pets4"]]


def test_code_and_configuration_change_under_new_revisions(functions: Any):
    first = create(functions)
    second = functions.update_function_code(
        FunctionName="pets", ZipFile=zipped("other"), RevisionId=first["RevisionId"]
    )
    third = functions.update_function_configuration(
        FunctionName="pets", MemorySize=256, Environment={"Variables": {"A1": "b"}}
    )

    assert second["CodeSha256"] != first["CodeSha256"]
    assert len({first["RevisionId"], second["RevisionId"], third["RevisionId"]}) == 3
    assert (third["MemorySize"], third["Environment"]) == (256, {"Variables": {"A1": "b"}})
    assert (
        refusal(functions.update_function_code, FunctionName="pets", ZipFile=zipped(), RevisionId=first["RevisionId"])[
            0
        ]
        == "PreconditionFailedException"
    )
    assert FunctionCode.objects.count() == 1
    document = published()
    assert document is not None
    assert document.versions[0].memory_size == 256


def test_versions_are_frozen_and_only_published_when_something_changed(functions: Any):
    create(functions)
    one = functions.publish_version(FunctionName="pets", Description="first")
    again = functions.publish_version(FunctionName="pets")
    functions.update_function_code(FunctionName="pets", ZipFile=zipped("other"))
    two = functions.publish_version(FunctionName="pets")

    assert (one["Version"], one["FunctionArn"], one["Description"]) == ("1", f"{ARN}:1", "first")
    assert again["Version"] == "1"
    assert two["Version"] == "2"
    assert [row["Version"] for row in functions.list_versions_by_function(FunctionName="pets")["Versions"]] == [
        "$LATEST",
        "1",
        "2",
    ]
    assert (
        functions.get_function(FunctionName="pets", Qualifier="1")["Configuration"]["CodeSha256"] == one["CodeSha256"]
    )
    functions.delete_function(FunctionName="pets", Qualifier="1")
    assert refusal(functions.get_function, FunctionName="pets:1") == (
        "ResourceNotFoundException",
        f"Function not found: {ARN}:1",
    )


def test_aliases_name_versions_and_share_invocations_out(functions: Any):
    create(functions, Publish=True)
    functions.update_function_code(FunctionName="pets", ZipFile=zipped("other"), Publish=True)

    made = functions.create_alias(
        FunctionName="pets", Name="live", FunctionVersion="1", RoutingConfig={"AdditionalVersionWeights": {"2": 0.25}}
    )
    moved = functions.update_alias(
        FunctionName="pets", Name="live", FunctionVersion="2", RoutingConfig={"AdditionalVersionWeights": {}}
    )

    assert (made["AliasArn"], made["RoutingConfig"]) == (f"{ARN}:live", {"AdditionalVersionWeights": {"2": 0.25}})
    assert moved["FunctionVersion"] == "2"
    assert functions.get_alias(FunctionName="pets", Name="live")["FunctionVersion"] == "2"
    assert [alias["Name"] for alias in functions.list_aliases(FunctionName="pets")["Aliases"]] == ["live"]
    assert functions.get_function(FunctionName="pets:live")["Configuration"]["Version"] == "2"
    assert refusal(functions.create_alias, FunctionName="pets", Name="live", FunctionVersion="1") == (
        "ResourceConflictException",
        f"Alias already exists: {ARN}:live",
    )
    assert refusal(functions.create_alias, FunctionName="pets", Name="next", FunctionVersion="7") == (
        "ResourceNotFoundException",
        f"Function not found: {ARN}:7",
    )
    assert refusal(functions.delete_function, FunctionName="pets", Qualifier="2")[0] == "ResourceConflictException"
    functions.delete_alias(FunctionName="pets", Name="live")
    assert refusal(functions.get_alias, FunctionName="pets", Name="live") == (
        "ResourceNotFoundException",
        f"Cannot find alias arn: {ARN}:live",
    )


def test_permissions_make_the_policy_that_api_gateway_is_let_in_by(functions: Any):
    create(functions)
    source = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/*/GET/pets"
    grant = {
        "FunctionName": "pets",
        "StatementId": "gateway",
        "Action": "lambda:InvokeFunction",
        "Principal": "apigateway.amazonaws.com",
    }

    added = functions.add_permission(**grant, SourceArn=source, SourceAccount="123456789012")
    policy = json.loads(functions.get_policy(FunctionName="pets")["Policy"])

    assert json.loads(added["Statement"]) == policy["Statement"][0] == {
        "Sid": "gateway", "Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "lambda:InvokeFunction", "Resource": ARN,
        "Condition": {"ArnLike": {"AWS:SourceArn": source}, "StringEquals": {"AWS:SourceAccount": "123456789012"}},
    }  # fmt: skip
    code, message = refusal(functions.add_permission, **grant)
    assert (code, "The statement id (gateway) provided already exists" in message) == (
        "ResourceConflictException",
        True,
    )
    document = published()
    assert document is not None
    assert json.loads(document.policies[""]) == policy
    functions.remove_permission(FunctionName="pets", StatementId="gateway")
    assert refusal(functions.get_policy, FunctionName="pets") == (
        "ResourceNotFoundException",
        "The resource you requested does not exist.",
    )
    assert (
        refusal(functions.remove_permission, FunctionName="pets", StatementId="gateway")[0]
        == "ResourceNotFoundException"
    )
    assert refusal(functions.add_permission, **{**grant, "Principal": "nobody"})[0] == "InvalidParameterValueException"


def test_a_policy_has_a_longest_length(functions: Any):
    create(functions)
    grant = {"FunctionName": "pets", "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com"}

    def fill() -> None:
        for number in range(30):
            functions.add_permission(
                **grant, StatementId=f"s{number}", SourceArn=f"arn:aws:execute-api:us-east-1:123456789012:{'a' * 900}/*"
            )

    code, message = refusal(fill)

    assert code == "PolicyLengthExceededException"
    assert "is bigger than the limit (20480)." in message


def test_concurrency_is_reserved_and_given_back(functions: Any):
    create(functions)

    functions.put_function_concurrency(FunctionName="pets", ReservedConcurrentExecutions=3)
    assert functions.get_function_concurrency(FunctionName="pets")["ReservedConcurrentExecutions"] == 3
    assert functions.get_function(FunctionName="pets")["Concurrency"] == {"ReservedConcurrentExecutions": 3}
    document = published()
    assert document is not None
    assert document.reserved_concurrency == 3
    functions.delete_function_concurrency(FunctionName="pets")

    assert "ReservedConcurrentExecutions" not in functions.get_function_concurrency(FunctionName="pets")


def test_tags_come_and_go_and_one_makes_the_function_an_end_point(functions: Any):
    create(functions)

    functions.tag_resource(
        Resource=ARN, Tags={"team": "shop", "gatehouse:endpoint": "https://functions.example.com/pets"}
    )
    document = published()

    assert document is not None
    assert document.versions[0].endpoint == "https://functions.example.com/pets"
    assert functions.list_tags(Resource=ARN)["Tags"]["team"] == "shop"
    functions.untag_resource(Resource=ARN, TagKeys=["gatehouse:endpoint", "never"])
    document = published()
    assert document is not None
    assert document.versions[0].endpoint is None


def test_a_deleted_function_leaves_nothing_behind(functions: Any):
    create(functions, Publish=True, Tags={"a": "b"})

    functions.delete_function(FunctionName="pets")

    assert published() is None
    assert not FunctionCode.objects.exists()
    assert refusal(functions.list_tags, Resource=ARN)[0] == "ResourceNotFoundException"
    create(functions)
    assert functions.list_tags(Resource=ARN)["Tags"] == {}


def test_functions_share_code_that_is_the_same(functions: Any):
    create(functions, "one")
    create(functions, "two")
    assert FunctionCode.objects.count() == 1

    functions.delete_function(FunctionName="one")

    assert FunctionCode.objects.count() == 1


def test_a_package_of_many_megabytes_is_taken(functions: Any):
    package = zipped("x" * 12_000_000)

    assert create(functions, Code={"ZipFile": package})["CodeSize"] == len(package)


def test_an_invocation_without_a_function_host_says_so(functions: Any):
    create(functions)

    code, message = refusal(functions.invoke, FunctionName="pets")

    assert code == "ServiceException"
    assert "function host does not answer" in message


def test_no_operation_touches_a_function_of_another_account(functions: Any, caller: Caller):
    """Whatever it is called by: every operation that takes a function's name is asked for a stranger's."""
    create(functions)
    Account.objects.create(id="210987654321", name="Strangers")
    stranger = replace(caller, account_id="210987654321")
    asked = 0
    for name in sorted(operations_built("lambda") - {"ListFunctions"}):
        shape = operation_model("lambda", name).input_shape
        request = {member: specimen(shape.members[member]) for member in shape.required_members}
        request["Resource" if "Resource" in request else "FunctionName"] = ARN
        if name == "CreateFunction":
            request |= {"Runtime": "python3.11", "Handler": "app.handler"}
        with pytest.raises(AwsError) as caught:
            registry.call(stranger, "lambda", name, request)
        assert caught.value.code == "AccessDeniedException", name
        asked += 1

    assert asked == 24
    assert registry.call(stranger, "lambda", "ListFunctions", {})["Functions"] == []
    assert functions.get_function(FunctionName="pets")["Configuration"]["RevisionId"]


def test_changes_at_once_lose_nothing(functions: Any):
    create(functions)
    grant = {"FunctionName": "pets", "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com"}

    with ThreadPoolExecutor(4) as threads:
        done = [threads.submit(functions.add_permission, **grant, StatementId=f"s{number}") for number in range(8)]
        done.append(threads.submit(functions.update_function_configuration, FunctionName="pets", MemorySize=512))
        done.append(threads.submit(functions.update_function_code, FunctionName="pets", ZipFile=zipped("other")))
        for each in done:
            each.result()

    policy = json.loads(functions.get_policy(FunctionName="pets")["Policy"])
    now = functions.get_function_configuration(FunctionName="pets")
    assert sorted(statement["Sid"] for statement in policy["Statement"]) == [f"s{number}" for number in range(8)]
    assert (now["MemorySize"], now["CodeSize"]) == (512, len(zipped("other")))


def test_paths_of_lambda_may_end_with_a_slash_and_only_code_may_be_large():
    router = control_plane_router()

    assert [
        match.operation.name if (match := router.match("GET", path, {})) else None
        for path in (b"/2015-03-31/functions/", b"/2015-03-31/functions", b"/2015-03-31/functions//", b"/restapis/")
    ] == ["ListFunctions", "ListFunctions", None, None]
    assert {path: largest_body(path) for path in ("/2015-03-31/functions", "/2015-03-31/functions/pets/code")} == {
        "/2015-03-31/functions": LARGEST_FUNCTION,
        "/2015-03-31/functions/pets/code": LARGEST_FUNCTION,
    }
    assert {largest_body(path) for path in ("/restapis", "/2015-03-31/functions/pets/invocations")} == {LARGEST_BODY}
