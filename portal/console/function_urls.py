"""Addresses of the console's pages of Lambda functions."""

from __future__ import annotations

from django.urls import path

from portal.console import (
    function_access,
    function_code,
    function_invocations,
    function_logs,
    function_versions,
    functions,
)

_FUNCTION = "of/<str:name>/"

urlpatterns = [
    path("", functions.functions, name="functions"),
    path("new/", functions.create_function, name="create_function"),
    path(_FUNCTION, functions.function, name="function"),
    path(_FUNCTION + "source/", function_code.save_source, name="save_source"),
    path(_FUNCTION + "code/", function_code.function_code, name="function_code"),
    path(_FUNCTION + "code/add/", function_code.add_file, name="add_function_file"),
    path(_FUNCTION + "code/delete/", function_code.delete_file, name="delete_function_file"),
    path(_FUNCTION + "limits/", functions.limit_function, name="limit_function"),
    path(_FUNCTION + "package/", functions.upload_package, name="upload_package"),
    path(_FUNCTION + "configuration/", functions.configure_function, name="configure_function"),
    path(_FUNCTION + "invoke/", function_invocations.invoke_function, name="invoke_function"),
    path(_FUNCTION + "invocations/", function_logs.function_invocations, name="function_invocations"),
    path(_FUNCTION + "log/", function_logs.function_log, name="function_log"),
    path(_FUNCTION + "versions/", function_versions.publish_version, name="publish_function_version"),
    path(_FUNCTION + "aliases/", function_versions.put_alias, name="put_function_alias"),
    path(_FUNCTION + "aliases/<str:alias>/delete/", function_versions.delete_alias, name="delete_function_alias"),
    path(_FUNCTION + "permissions/", function_access.allow_api, name="allow_api"),
    path(
        _FUNCTION + "permissions/<str:statement>/revoke/", function_access.revoke_permission, name="revoke_permission"
    ),
    path(_FUNCTION + "delete/", functions.delete_function, name="delete_function"),
]
