"""Lambda functions on their pages: made, edited, configured, published, allowed to APIs, deleted."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from builders import a_rest_api
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import text, words

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.functions.models import FunctionCode
from portal.console.function_packages import packed, replaced, source_of


def url(view: str, *args: str) -> str:
    return reverse(f"console:{view}", args=args)


def ours(caller: Caller, operation: str, **request: Any) -> dict[str, Any]:
    return registry.call(caller, "lambda", operation, {"FunctionName": "pets", **request})


def a_package(**files: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, body in files.items():
            archive.writestr(name.replace("__", "."), body)
    return made.getvalue()


def package_in_use() -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(bytes(FunctionCode.objects.get().body))) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


@pytest.fixture
def pets(caller: Caller) -> str:
    code = {"ZipFile": a_package(app__py="def handler(event, context): return 1", data__txt="kept")}
    ours(caller, "CreateFunction", Runtime="python3.12", Handler="app.handler", Role="arn:aws:iam::123456789012:role/x", Code=code)  # fmt: skip
    return "pets"


def test_without_functions_one_is_told_what_they_are_for(owner: Client) -> None:
    assert "A Lambda function answers a method or decides who may call" in words(owner.get(url("functions")))


@pytest.mark.parametrize(("runtime", "file"), [("python3.12", "app.py"), ("nodejs22.x", "app.mjs")])
def test_a_function_is_made_without_a_package_and_edited(
    owner: Client, caller: Caller, runtime: str, file: str
) -> None:
    owner.post(url("create_function"), {"name": "pets", "runtime": runtime, "handler": "app.handler"})

    assert list(package_in_use()) == [file]
    assert file in words(owner.get(url("function", "pets")))

    owner.post(url("save_source", "pets"), {"source-source": "# new\r\n"})

    assert package_in_use() == {file: "# new\n"}
    assert "pets" in words(owner.get(url("functions")))


def test_a_function_is_made_from_a_package(owner: Client, caller: Caller) -> None:
    package = SimpleUploadedFile("pets.zip", a_package(main__py="def go(event, context): pass"))

    owner.post(
        url("create_function"), {"name": "pets", "runtime": "python3.12", "handler": "main.go", "package": package}
    )

    assert ours(caller, "GetFunctionConfiguration")["Handler"] == "main.go"
    assert "def go(event, context)" in words(owner.get(url("function", "pets")))


@pytest.mark.parametrize(
    ("given_", "told"),
    [
        ({"name": "a b"}, "A name has letters, digits, hyphens and underscores only."),
        ({"runtime": "provided.al2023"}, "needs a package that brings it"),
        ({"runtime": "cobol"}, "Select a valid choice"),
        ({"package": SimpleUploadedFile("x.zip", b"no archive")}, "unzip"),
    ],
)
def test_a_function_that_cannot_be_is_told_in_the_form(
    owner: Client, caller: Caller, given_: dict[str, Any], told: str
) -> None:
    answer = owner.post(
        url("create_function"), {"name": "pets", "runtime": "python3.12", "handler": "app.handler", **given_}
    )

    assert (answer.status_code, told in words(answer)) == (422, True)
    assert not FunctionCode.objects.exists()


def test_editing_one_file_keeps_the_others(owner: Client, pets: str) -> None:
    owner.post(url("save_source", pets), {"source-source": "x = 1"})

    assert package_in_use() == {"app.py": "x = 1", "data.txt": "kept"}


def test_a_package_replaces_everything(owner: Client, pets: str) -> None:
    package = SimpleUploadedFile("pets.zip", a_package(app__py="new"))

    owner.post(url("upload_package", pets), {"package-package": package})

    assert package_in_use() == {"app.py": "new"}


def test_configuration_is_saved_and_what_cannot_be_is_told(owner: Client, caller: Caller, pets: str) -> None:
    given_ = {
        "configuration-runtime": "python3.12", "configuration-handler": "app.handler", "configuration-timeout": "9",
        "configuration-memory": "256", "configuration-environment": "TABLE = pets",
    }  # fmt: skip

    owner.post(url("configure_function", pets), given_)
    refused = owner.post(url("configure_function", pets), {**given_, "configuration-environment": "AWS_REGION = x"})

    shape = ours(caller, "GetFunctionConfiguration")
    assert (shape["Timeout"], shape["MemorySize"], shape["Environment"]) == (9, 256, {"Variables": {"TABLE": "pets"}})
    assert refused.status_code == 422
    assert "AWS_REGION" in words(refused)


def test_an_event_that_is_no_json_is_told(owner: Client, pets: str) -> None:
    answer = owner.post(url("invoke_function", pets), {"event-event": "{"})

    assert (answer.status_code, "This is no JSON" in words(answer)) == (422, True)


@pytest.mark.django_db(transaction=True)
def test_a_function_host_that_is_away_is_told(transactional_db: None, owner: Client, pets: str) -> None:
    answer = owner.post(url("invoke_function", pets), {"event-event": "{}"})

    assert answer.status_code == 422
    assert "function host" in words(answer).lower()


def test_versions_and_aliases_are_made_moved_and_taken_away(owner: Client, caller: Caller, pets: str) -> None:
    owner.post(url("publish_function_version", pets))
    owner.post(url("put_function_alias", pets), {"alias-name": "live", "alias-version": "1"})
    first = ours(caller, "GetAlias", Name="live")["FunctionVersion"]
    owner.post(url("put_function_alias", pets), {"alias-name": "live", "alias-version": "$LATEST"})
    second = ours(caller, "GetAlias", Name="live")["FunctionVersion"]
    owner.post(url("delete_function_alias", pets, "live"))

    assert (first, second) == ("1", "$LATEST")
    assert ours(caller, "ListAliases")["Aliases"] == []


def test_an_api_is_allowed_and_revoked(owner: Client, caller: Caller, pets: str) -> None:
    api = a_rest_api(caller)

    owner.post(url("allow_api", pets), {"allow-api": api})
    page = words(owner.get(url("function", pets)))
    statement = ours(caller, "GetPolicy")["Policy"].partition('"Sid":"')[2].partition('"')[0]
    owner.post(url("revoke_permission", pets, statement))

    assert f"apigateway.amazonaws.com {statement} arn:aws:execute-api:us-east-1:123456789012:{api}/*" in page
    assert "Only the account itself." in words(owner.get(url("function", pets)))


def test_a_foreign_api_is_not_allowed(owner: Client, elsewhere: Caller, pets: str) -> None:
    answer = owner.post(url("allow_api", pets), {"allow-api": a_rest_api(elsewhere)})

    assert answer.status_code == 422


def test_a_function_is_deleted_once_its_name_was_typed(owner: Client, pets: str) -> None:
    owner.post(url("delete_function", pets), {"confirmation": "pet"})
    assert owner.get(url("function", pets)).status_code == 200

    owner.post(url("delete_function", pets), {"confirmation": "pets"})
    assert owner.get(url("function", pets)).status_code == 404


def test_a_function_of_another_account_is_unknown(member: Any, elsewhere: Caller, pets: str) -> None:
    assert member("nobody").get(url("function", pets)).status_code == 403


def test_a_viewer_reads_and_does_not_invoke(viewer: Client, pets: str) -> None:
    page = text(viewer.get(url("function", pets)))

    assert "Save and use" not in page
    assert "Allow this API" not in page
    assert viewer.post(url("invoke_function", pets), {"event-event": "{}"}).status_code == 403


def test_a_source_that_is_no_text_is_not_edited(caller: Caller, owner: Client, pets: str) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("app.py", b"\xff\xfe")
    ours(caller, "UpdateFunctionCode", ZipFile=made.getvalue())

    assert "The package is not edited here" in words(owner.get(url("function", pets)))


@settings(max_examples=50, deadline=None)
@given(
    text=st.text(st.characters(codec="utf-8"), max_size=200), other=st.text(st.characters(codec="utf-8"), max_size=50)
)
def test_a_source_comes_back_as_it_was_written(text: str, other: str) -> None:
    package = replaced(packed("app.py", other), "app.py", text)

    assert source_of(package, "python3.12", "app.handler").text == text
    assert source_of(package, "nodejs22.x", "app.handler").editable is False
