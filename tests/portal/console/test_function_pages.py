"""Lambda functions on their pages: made, edited, configured, published, allowed to APIs, deleted."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.functions.models import FunctionCode
from portal.console.function_packages import files_of, is_inside, packed, replaced, source_of, text_of, without
from tests.builders import a_rest_api
from tests.portal.console.reading import text, words


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
    owner.post(url("delete_function_alias", pets, "live"), {"confirmation": "live"})

    assert (first, second) == ("1", "$LATEST")
    assert ours(caller, "ListAliases")["Aliases"] == []


def test_an_api_is_allowed_and_revoked(owner: Client, caller: Caller, pets: str) -> None:
    api = a_rest_api(caller)

    owner.post(url("allow_api", pets), {"allow-api": api})
    page = words(owner.get(url("function", pets)))
    statement = ours(caller, "GetPolicy")["Policy"].partition('"Sid":"')[2].partition('"')[0]
    owner.post(url("revoke_permission", pets, statement), {"confirmation": statement})

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

    assert ">Upload<" not in page
    assert "Upload a package" not in page
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


def code(file: str = "") -> str:
    return url("function_code", "pets") + (f"?file={file}" if file else "")


def test_the_package_is_a_tree_and_opens_the_file_with_the_handler(owner: Client, pets: str) -> None:
    page = owner.get(code())

    assert [node["label"] for node in page.context["nodes"]] == ["app.py", "data.txt"]
    assert page.context["file"].name == "app.py"
    assert "def handler(event, context): return 1" in text(page)


def test_any_text_of_the_package_is_edited_and_deployed(owner: Client, pets: str) -> None:
    owner.post(code("data.txt"), {"source-source": "other\r\n"})

    assert package_in_use() == {"app.py": "def handler(event, context): return 1", "data.txt": "other\n"}


def test_a_file_is_added_in_a_folder_and_deleted_again(owner: Client, pets: str) -> None:
    answer = owner.post(url("add_function_file", "pets"), {"new-name": "lib/prices.py"})
    owner.post(answer["Location"], {"source-source": "PRICE = 1\n"})

    assert package_in_use()["lib/prices.py"] == "PRICE = 1\n"
    (folder,) = [node for node in owner.get(code()).context["nodes"] if node["children"]]
    assert (folder["label"], folder["children"][0]["label"]) == ("lib/", "prices.py")

    owner.post(url("delete_function_file", "pets"), {"file": "lib/prices.py", "confirmation": "prices.py"})
    assert set(package_in_use()) == {"app.py", "data.txt"}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("../out.py", "A path within the package"),
        ("/etc/passwd", "A path within the package"),
        ("lib//x.py", "A path within the package"),
        ("app.py", "app.py is there already"),
        ("app.py/x.py", "is a folder and a file at once"),
        ("", "This field is required"),
    ],
)
def test_a_file_that_cannot_be_is_told(owner: Client, pets: str, name: str, told: str) -> None:
    answer = owner.post(url("add_function_file", "pets"), {"new-name": name})

    assert (answer.status_code, told in words(answer)) == (422, True)
    assert set(package_in_use()) == {"app.py", "data.txt"}


def test_what_somebody_else_deployed_meanwhile_is_not_overwritten(owner: Client, pets: str) -> None:
    shown = owner.get(code("data.txt")).context["form"].initial["revision"]
    owner.post(code("data.txt"), {"source-source": "theirs"})

    answer = owner.post(code("data.txt"), {"source-source": "mine", "source-revision": shown})

    assert answer.status_code == 422
    assert "Somebody else has deployed" in words(answer)
    assert "mine" in text(answer)
    assert package_in_use()["data.txt"] == "theirs"


def test_what_is_no_text_is_named_and_not_edited(owner: Client, caller: Caller, pets: str) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("app.py", "x = 1")
        archive.writestr("logo.png", b"\x89PNG\0\xff")
    ours(caller, "UpdateFunctionCode", ZipFile=made.getvalue())

    assert "It is no text" in words(owner.get(code("logo.png")))
    assert owner.post(code("logo.png"), {"source-source": "x"}).status_code == 200


def test_an_unknown_file_is_not_found(owner: Client, pets: str) -> None:
    assert owner.get(code("nothere.py")).status_code == 404
    assert (
        owner.post(
            url("delete_function_file", "pets"), {"file": "nothere.py", "confirmation": "nothere.py"}
        ).status_code
        == 404
    )


def test_the_last_file_of_a_package_cannot_go(owner: Client, pets: str) -> None:
    owner.post(url("delete_function_file", "pets"), {"file": "data.txt", "confirmation": "data.txt"})

    page = owner.post(url("delete_function_file", "pets"), {"file": "app.py", "confirmation": "app.py"}, follow=True)

    assert "non-empty" in words(page)
    assert set(package_in_use()) == {"app.py"}


def test_concurrency_is_reserved_and_left_to_the_host_again(owner: Client, caller: Caller, pets: str) -> None:
    owner.post(url("limit_function", "pets"), {"limits-reserved": "3", "limits-tags": "team = pets"})
    assert ours(caller, "GetFunctionConcurrency") == {"ReservedConcurrentExecutions": 3}
    assert ours(caller, "GetFunction")["Tags"] == {"team": "pets"}

    owner.post(url("limit_function", "pets"), {"limits-reserved": "", "limits-tags": ""})
    assert ours(caller, "GetFunctionConcurrency") == {}
    assert not ours(caller, "GetFunction").get("Tags")


def test_a_negative_limit_is_told_in_the_form(owner: Client, pets: str) -> None:
    answer = owner.post(url("limit_function", "pets"), {"limits-reserved": "-1"})

    assert answer.status_code == 422


def test_viewers_read_code_and_deploy_none(viewer: Client, pets: str) -> None:
    page = words(viewer.get(code()))

    assert "Add file" not in page
    assert "Deploy" not in page.replace("deploys it to", "")
    assert viewer.post(code("data.txt"), {"source-source": "x"}).status_code == 403
    assert viewer.post(url("add_function_file", "pets"), {"new-name": "x.py"}).status_code == 403
    assert (
        viewer.post(url("delete_function_file", "pets"), {"file": "data.txt", "confirmation": "data.txt"}).status_code
        == 403
    )
    assert viewer.post(url("limit_function", "pets"), {"limits-reserved": "1"}).status_code == 403


def test_an_invocation_can_name_what_it_runs_and_nothing_else(owner: Client, pets: str) -> None:
    page = owner.get(url("function", "pets"))
    assert page.context["event_form"].fields["qualifier"].choices == [("$LATEST", "$LATEST")]

    answer = owner.post(url("invoke_function", "pets"), {"event-event": "{}", "event-qualifier": "7"})
    assert answer.status_code == 422


@settings(deadline=None, max_examples=200)
@given(name=st.text(max_size=30))
def test_a_name_within_a_package_never_leaves_it(name: str) -> None:
    if is_inside(name):
        assert not name.startswith("/")
        assert ".." not in name.split("/")
        package = replaced(packed("app.py", "x"), name, "y")
        assert text_of(package, name) == "y"
        assert name not in {file.name for file in files_of(without(package, name))}
