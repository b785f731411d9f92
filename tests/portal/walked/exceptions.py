"""What the walk does not demand, and why."""

from __future__ import annotations

from tests.portal.walked.crawl import view_of
from tests.portal.walked.judging import Expected
from tests.portal.walked.reading_forms import Form

ANSWERED_ON_A_PAGE = {
    "console:bulk_keys": "what is done to many keys is shown step by step",
    "console:check_user_policies": "tells which statement decides",
    "console:cors": "with its button Preview",
    "console:create_access_key": "shows the secret, once",
    "console:import": "what a definition would change is shown before it does",
    "console:import_keys": "shows the warnings of the import",
    "console:invoke_function": "what the function returned",
    "console:oauth_clients": "shows the secret, once",
    "console:rotate_oauth_client": "shows the secret, once",
    "console:show_documentation_version": "the version",
    "console:test_authorizer": "what the authorizer decided",
    "console:test_method": "what the back end answered",
    "console:v2_connections": "what is known of the connection",
    "console:v2_import": "what a definition would change is shown before it does",
    "console:v2_test": "what the stage answered",
    "console:v2_test_authorizer": "what the authorizer decided",
    "console:who_can_call": "tells which statement decides",
    "developer:create_client": "shows the secret, once",
    "console:rotate_webhook_secret": "shows the secret, once",
    "developer:rotate_secret": "shows the secret, once",
    "developer:tokens": "shows the token, once",
    "developer:try_it": "what the stage answered",
}

SILENT = {
    "account_login": "one is in",
    "account_logout": "one is out",
    "console:begin_second_factor": "the page asks for the first code",
    "console:place_part": "the place opens",
    "console:sign_in": "one is in",
    "console:sign_out": "one is out",
    "console:switch": "the frame shows the account and the region",
    "developer:access": "the reference opens with the key filled in, or the sign-up for it",
}


BY_A_MESSAGE = {"console:export_usage": "its answer is a file; the days are chosen from a calendar"}


def expected(form: Form) -> Expected:
    match = view_of(form.action)
    name = match.view_name if match is not None else ""
    return Expected(page=name in ANSWERED_ON_A_PAGE, silent=name in SILENT, message=name in BY_A_MESSAGE)


OPEN_TO_VIEWERS = {
    "console:import": "shows what a definition would make: `test_importing`",
    "console:v2_import": "the same of an HTTP API",
    "account_logout": "one's own session",
    "console:begin_second_factor": "one's own second factor",
    "console:check_user_policies": "asks, and changes nothing",
    "console:sign_out": "one's own session",
    "console:switch": "one's own session",
    "console:who_can_call": "asks, and changes nothing",
    "developer:access": "of the developer portal, where roles do not count",
    "developer:applications": "of the developer portal, where roles do not count",
    "developer:tokens": "of the developer portal, where roles do not count",
    "developer:try_it": "of the developer portal, where roles do not count",
    "account_change_password": "one's own password",
}

_FILE = "answers with a file"
_MAIL = "a link in an e-mail leads there: `test_sign_up`"
_FACTOR = "of those who have a second factor: `test_second_factor`"
_SOCKET = "is spoken to by a script: `test_socket_places`, `test_try_stream`"
_STORY = "of requests that the data plane has told of: `test_log_pages`"
_ELSE = "of what is in another state in this world; its own tests have it"

NOT_MET = {
    "account_confirm_email": _MAIL,
    "account_email_verification_sent": "after a sign-up: `test_sign_up`",
    "account_inactive": "of people who are locked out: `test_sign_up`",
    "account_reset_password_done": "after asking for a new password: `test_sign_up`",
    "account_reset_password_from_key": _MAIL,
    "account_reset_password_from_key_done": _MAIL,
    "console:bulk_keys_step": "the page before sends itself on: `test_bulk_keys`",
    "console:choices": "proposals for a field of many, fetched while one types: `test_choosing`",
    "console:delete_access_key": _ELSE,
    "console:delete_certificate": _ELSE,
    "console:delete_documentation_version": _ELSE,
    "console:delete_logo": _ELSE,
    "console:disable_aws_portal": _ELSE,
    "console:download_client_certificate": _FILE,
    "console:download_sdk": _FILE,
    "console:end_access_association": _ELSE,
    "console:export_audit": _FILE,
    "console:export_stage": _FILE,
    "console:flush_cache": _ELSE,
    "console:forget_targets": _ELSE,
    "console:invite_again": _ELSE,
    "console:live": "asked for by a script: `test_logs`",
    "console:log_lines": _STORY,
    "console:page_preview": "asked for by a script: `test_offering`",
    "console:preview_templates": "asked for by a script: `test_template_previews`",
    "console:redeliver": _ELSE,
    "console:reinstate_product": _ELSE,
    "console:remove_second_factor": _FACTOR,
    "console:renew_recovery_codes": _FACTOR,
    "console:reset_second_factor": _FACTOR,
    "console:reset_stage_method": _ELSE,
    "console:roll_back_aws_portal": _ELSE,
    "console:rollback": _ELSE,
    "console:second_step": _FACTOR,
    "console:single_sign_on": "where there is a provider of identities: `test_single_sign_on`",
    "console:single_sign_on_back": "where there is a provider of identities: `test_single_sign_on`",
    "console:story": _STORY,
    "console:trace": _STORY,
    "console:undo": "offered once, after a change: `test_undo`",
    "console:v2_client_socket": _SOCKET,
    "console:v2_delete_mapping": _ELSE,
    "console:welcome": "a link in an invitation leads there: `test_people`",
    "developer:brand_logo": _FILE,
    "developer:brand_style": _FILE,
    "developer:carry_on": "where a sign-up leads on to: `test_sign_up`",
    "developer:delete_token": _ELSE,
    "developer:join_application": "a link in an invitation leads there: `test_teams`",
    "developer:llms": _FILE,
    "developer:mcp": "speaks JSON-RPC: `test_mcp`",
    "developer:product_openapi": _FILE,
    "developer:sdk": _FILE,
    "developer:try_socket": _SOCKET,
    "developer:try_stream": _SOCKET,
}
