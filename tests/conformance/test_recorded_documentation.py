"""Documentation parts and versions, as the real service was recorded to answer."""

from __future__ import annotations

import json
from typing import Any

from tests.conformance.sequences import UNKNOWN_API, Client, Open, a_rest_api, replace

API = {"type": "API"}
INFO = {"description": "API info description 4", "version": "API info version 3"}


def part(location: dict[str, str], **properties: Any) -> dict[str, Any]:
    return {"location": location, "properties": properties}


DEFINITION = {
    "openapi": "3.0.0",
    "info": {"title": "doc", "version": "1", "description": "description"},
    "paths": {
        "/": {
            "get": {
                "description": "Method description.",
                "responses": {
                    "200": {
                        "description": "200 response",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Empty"}}},
                    }
                },
            }
        }
    },
    "components": {"schemas": {"Empty": {"type": "object", "title": "Empty Schema"}}},
    "x-amazon-apigateway-documentation": {
        "version": "1.0.3",
        "documentationParts": [
            part(API, description="API description", info=INFO),
            part({"type": "METHOD", "method": "GET"}, description="Method description."),
            part({"type": "MODEL", "name": "Empty"}, title="Empty Schema"),
            part({"type": "RESPONSE", "method": "GET", "statusCode": "200"}, description="200 response"),
        ],
    },
}


def test_imported_parts(api_gateway: Client, recording: Open) -> None:
    replay, body = recording("test_import_documentation_parts"), json.dumps(DEFINITION)
    api = api_gateway.import_rest_api(body=body)["id"]
    listed = api_gateway.get_documentation_parts
    replay.check("get-documentations-parts-after-api-imports", listed, restApiId=api)
    replay.check(
        "import-documentation-parts",
        api_gateway.import_documentation_parts,
        restApiId=api,
        mode="overwrite",
        body=body,
    )
    replay.check("get-documentations-parts-after-import", listed, restApiId=api)
    replay.finish()


def test_what_is_no_definition(api_gateway: Client, recording: Open) -> None:
    replay, (api, _) = recording("test_import_documentation_parts_bad_file"), a_rest_api(api_gateway)
    for kind, body in (("json", b'{"openapi": '), ("yaml", b"openapi: [")):
        replay.check(
            f"import-documentation-parts-bad-{kind}-file",
            api_gateway.import_documentation_parts,
            restApiId=api,
            body=body,
        )
    replay.finish()


def test_parts_that_are_not_there(api_gateway: Client, recording: Open) -> None:
    api, _ = a_rest_api(api_gateway)
    made = api_gateway.create_documentation_part(restApiId=api, location=API, properties="{}")["id"]
    update, at = api_gateway.update_documentation_part, {"restApiId": api, "documentationPartId": made}
    replay = recording("test_invalid_update_documentation_part")
    valid = replace("/properties", "{}")
    replay.check(
        "update-documentation-part-invalid-api-id",
        update,
        **{**at, "restApiId": UNKNOWN_API},
        patchOperations=[valid],
    )
    for name, patch in (
        ("invalid-add-operation", {**valid, "op": "add"}),
        ("invalid-path", {**valid, "path": "/invalidPath"}),
    ):
        replay.check(f"update-documentation-part-{name}", update, **at, patchOperations=[patch])
    replay.finish()

    replay, delete = recording("test_invalid_delete_documentation_part"), api_gateway.delete_documentation_part
    replay.check("delete_documentation_part_wrong_api_id", delete, restApiId="api_id", documentationPartId=made)
    replay.check("delete_documentation_part", delete, **at)
    replay.check("delete_already_deleted_documentation_part", delete, **at)
    replay.finish()

    replay = recording("test_invalid_get_documentation_parts")
    replay.check("get-inavlid-documentation-parts", api_gateway.get_documentation_parts, restApiId="api_id")
    replay.finish()


def test_parts_and_versions(api_gateway: Client, recording: Open) -> None:
    replay, (api, _) = recording("test_documentation_parts_and_versions"), a_rest_api(api_gateway)
    properties = json.dumps({"foo": "bar"})
    replay.check(
        "create-part-response",
        api_gateway.create_documentation_part,
        restApiId=api,
        location=API,
        properties=properties,
    )
    replay.check("get-parts-response", api_gateway.get_documentation_parts, restApiId=api)
    at = {"restApiId": api, "documentationVersion": "v123"}
    replay.check("create-version-response", api_gateway.create_documentation_version, **at)
    replay.check(
        "update-version-response",
        api_gateway.update_documentation_version,
        **at,
        patchOperations=[replace("/description", "doc version new")],
    )
    replay.check("get-version-response", api_gateway.get_documentation_version, **at)
    replay.finish()
