"""REST APIs and their resources, as the real service was recorded to answer. Where a recorded answer is left out, its test says why."""

from __future__ import annotations

from tests.conformance.sequences import Client, Open, a_rest_api, creator, replace


def test_defaults_of_rest_apis(api_gateway: Client, recording: Open) -> None:
    replay, create = recording("test_create_rest_api_verify_defaults"), api_gateway.create_rest_api
    replay.check("create-with-edge-default", create, name="a", endpointConfiguration={"types": ["EDGE"]})
    replay.check("create-with-regional-default", create, name="b", endpointConfiguration={"types": ["REGIONAL"]})
    replay.check("create-with-private-default", create, name="c", endpointConfiguration={"types": ["PRIVATE"]})
    replay.check("create-with-empty-default", create, name="d")
    replay.check(
        "create-with-empty-ip-address-type-and-wrong-type", create, name="e", endpointConfiguration={"types": ["wrong"]}
    )
    replay.finish()


def test_binary_media_types(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_create_rest_api_with_binary_media_types")
    replay.check("create-with-binary-media", api_gateway.create_rest_api, name="a", binaryMediaTypes=["image/png"])
    replay.finish()


def test_tags_of_rest_apis(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_create_rest_api_with_tags")
    created = replay.check(
        "create-rest-api-w-tags",
        api_gateway.create_rest_api,
        name="a",
        description="this is my api",
        tags={"MY_TAG1": "MY_VALUE1"},
    )
    replay.check("get-rest-api-w-tags", api_gateway.get_rest_api, restApiId=created["id"])
    replay.check("get-rest-apis-w-tags", api_gateway.get_rest_apis)
    replay.finish()


def test_ids_are_case_sensitive(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_get_api_case_insensitive")
    api, _ = a_rest_api(api_gateway)
    replay.check("get-api-upper-case", api_gateway.get_rest_api, restApiId=f"{api[:-1]}A")
    replay.finish("create-rest-api")  # recorded before APIs had an ipAddressType


def test_lists_of_rest_apis(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_list_and_delete_apis")
    create = api_gateway.create_rest_api
    first = replay.check("create-rest-api-1", create, name="a", description="this is my api")
    replay.check("create-rest-api-2", create, name="b", description="this is my api2")
    replay.check("get-rest-api-before-delete", api_gateway.get_rest_apis)
    replay.check("delete-rest-api", api_gateway.delete_rest_api, restApiId=first["id"])
    replay.check("get-rest-api-after-delete", api_gateway.get_rest_apis)
    replay.finish()


def test_errors_are_joined(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_update_rest_api_concatenation_of_errors")
    api, _ = a_rest_api(api_gateway)
    address = {"op": "wrong", "path": "/endpointConfiguration/ipAddressType", "value": "dualstack"}
    kind = {"op": "wrong", "path": "/endpointConfiguration/types/0", "value": "EDGE"}
    for name, operations in (
        ("on-ipAddressType", [address, address]),
        ("on-type", [kind, kind]),
        ("on-type-and-on-ip-address-type", [kind, address, address]),
    ):
        replay.check(
            f"update-rest-api-wrong-operations-{name}",
            api_gateway.update_rest_api,
            restApiId=api,
            patchOperations=operations,
        )
    replay.finish()


def test_patches_of_rest_apis(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_update_rest_api_operation_add_remove")
    api, _ = a_rest_api(api_gateway, description="this is my api")
    steps = {
        "add": [
            {"op": "add", "path": "/binaryMediaTypes/image~1png"},
            {"op": "add", "path": "/binaryMediaTypes/image~1jpeg"},
        ],
        "replace": [replace("/binaryMediaTypes/image~1png", "image/gif")],
        "remove": [{"op": "remove", "path": "/binaryMediaTypes/image~1gif"}, {"op": "remove", "path": "/description"}],
    }
    for step, operations in steps.items():
        replay.check(f"update-rest-api-{step}", api_gateway.update_rest_api, restApiId=api, patchOperations=operations)
    replay.finish()


def test_greedy_resources(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_create_proxy_resource")
    api, root = a_rest_api(api_gateway)
    create = creator(api_gateway, api)
    replay.check("create-base-proxy-resource", create, parent=root, part="{proxy+}")
    parent = create(root, "parent")["id"]
    replay.check("create-proxy-sibling-proxy-child-resource", create, parent=parent, part="{proxy+}")
    child = replay.check("create-proxy-sibling-static-child-resource", create, parent=parent, part="child")
    replay.check("create-static-child-proxy-resource", create, parent=child["id"], part="{proxy+}")
    listed = replay.check("all-resources", api_gateway.get_resources, restApiId=api)
    greedy = next(item["id"] for item in listed["items"] if item["path"] == "/parent/{proxy+}")
    api_gateway.delete_resource(restApiId=api, resourceId=greedy)
    child = replay.check("create-proxy-sibling-dynamic-child-resource", create, parent=parent, part="{child}")
    replay.check("create-dynamic-child-proxy-resource", create, parent=child["id"], part="{proxy+}")
    replay.check("all-resources-2", api_gateway.get_resources, restApiId=api)
    replay.check_value("create-proxy-sibling-resource", parent)
    replay.finish()


def test_where_greedy_resources_cannot_be(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_create_proxy_resource_validation")
    api, root = a_rest_api(api_gateway)
    create = creator(api_gateway, api)
    greedy = replay.check("create-base-proxy-resource", create, parent=root, part="{proxy+}")["id"]
    replay.check("create-proxy-dynamic-sibling-resource", create, parent=root, part="{dynamic}")
    replay.check("create-proxy-static-child-resource", create, parent=greedy, part="static")
    replay.check("create-proxy-dynamic-child-resource", create, parent=greedy, part="{dynamic}")
    parent = create(root, "parent")["id"]
    replay.check("create-greedy-child-resource", create, parent=parent, part="{child+}")
    replay.finish()


def test_a_parent_that_is_not_there(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_create_resource_parent_invalid")
    api, _ = a_rest_api(api_gateway)
    replay.check("wrong-resource-parent-id", creator(api_gateway, api), parent="nosuch", part="pets")
    replay.finish()


def test_deleting_a_subtree(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_delete_resource")
    api, root = a_rest_api(api_gateway)
    create, delete = creator(api_gateway, api), api_gateway.delete_resource
    parent = create(root, "pets")["id"]
    child = create(parent, "food")["id"]
    replay.check("delete-resource", delete, restApiId=api, resourceId=parent)
    replay.check("delete-subresource", delete, restApiId=api, resourceId=child)
    replay.check("get-resources", api_gateway.get_resources, restApiId=api)
    replay.finish()


def test_the_life_of_a_resource(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_resource_lifecycle")
    api, root = a_rest_api(api_gateway)
    create, listed = creator(api_gateway, api), api_gateway.get_resources
    replay.check("rest-api-root-resource", listed, restApiId=api)
    pets = replay.check("create-resource", create, parent=root, part="pets")["id"]
    replay.check("rest-api-resources-after-create", listed, restApiId=api)
    replay.check(
        "update-path-part",
        api_gateway.update_resource,
        restApiId=api,
        resourceId=pets,
        patchOperations=[replace("/pathPart", "dogs")],
    )
    replay.check("get-resp-after-update-path-part", api_gateway.get_resource, restApiId=api, resourceId=pets)
    api_gateway.update_resource(restApiId=api, resourceId=pets, patchOperations=[replace("/pathPart", "pets")])
    replay.check("create-subresource", create, parent=pets, part="subpets")
    replay.check("rest-api-resources-after-create-sub", listed, restApiId=api)
    replay.check("del-resource", api_gateway.delete_resource, restApiId=api, resourceId=pets)
    replay.check("rest-api-resources-after-delete", listed, restApiId=api)
    replay.finish()


def test_moving_resources(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_update_resource_behaviour")
    api, root = a_rest_api(api_gateway)
    create = creator(api_gateway, api)
    pets = create(root, "pets")["id"]
    sub = replay.check("create-subresource", create, parent=pets, part="subpets")["id"]
    child = replay.check("create-subresource-child", create, parent=sub, part="pets")["id"]

    def update(name: str, resource: str, operation: dict[str, str]) -> None:
        replay.check(name, api_gateway.update_resource, restApiId=api, resourceId=resource, patchOperations=[operation])

    update("nonexistent-resource", "nosuch", replace("/pathPart", "dogs"))
    update("invalid-path-part", pets, replace("/invalid", "dogs"))
    update("add-unsupported", pets, {"op": "add", "path": "/pathPart", "value": "dogs"})
    update("remove-unsupported", pets, {"op": "remove", "path": "/pathPart"})
    update("invalid-parent-id", pets, replace("/parentId", "nosuch"))
    update("update-parent-id-to-subresource-id", pets, replace("/parentId", sub))
    update("existing-future-sibling-path", child, replace("/parentId", root))
    update("update-parent-id-to-root-id", sub, replace("/parentId", root))
    update("update-path-already-exists", sub, replace("/pathPart", "pets"))
    api_gateway.delete_resource(restApiId=api, resourceId=pets)
    api_gateway.delete_resource(restApiId=api, resourceId=child)
    replay.check("resources-after-deletion", api_gateway.get_resources, restApiId=api)
    replay.finish()


def test_the_root_stays_where_it_is(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_update_resource_on_root")
    api, root = a_rest_api(api_gateway)
    for name, path in (("update-root-path-part", "/pathPart"), ("update-root-parent", "/parentId")):
        replay.check(
            name, api_gateway.update_resource, restApiId=api, resourceId=root, patchOperations=[replace(path, "x")]
        )
    replay.finish()
