"""Whole policies: what they decide, and which documents are none."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.iam import LONGEST_POLICY, Decision, IllFormedPolicy, Principal, compile_policy

INVOKE = "execute-api:Invoke"
API = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5"
PETS = f"{API}/prod/GET/pets"
ALICE = Principal("123456789012", frozenset({"arn:aws:iam::123456789012:user/alice", "AIDAALICE"}))


def statement(effect: str = "Allow", **elements: Any) -> dict[str, Any]:
    given_names = elements.keys()
    action = {} if given_names & {"Action", "NotAction"} else {"Action": INVOKE}
    resource = {} if given_names & {"Resource", "NotResource"} else {"Resource": "*"}
    return {"Effect": effect, **action, **resource, **elements}


def policy(*statements: dict[str, Any], version: str = "2012-10-17") -> dict[str, Any]:
    return {"Version": version, "Statement": list(statements)}


def decide(
    document: dict[str, Any], resource: str = PETS, principal: Principal | None = None, **context: str
) -> Decision:
    keys = {name.replace("_", ":"): [value] for name, value in context.items()}
    return compile_policy(document, shorthand=API).decide(INVOKE, resource, keys, principal)


def test_an_explicit_denial_wins_whatever_the_order_of_statements():
    allow, deny = statement(), statement("Deny", Resource=f"{API}/prod/GET/*")

    assert decide(policy(allow, deny)) is decide(policy(deny, allow)) is Decision.EXPLICIT_DENY
    assert decide(policy(allow, deny), f"{API}/prod/POST/pets") is Decision.ALLOW
    assert decide(policy(deny), f"{API}/prod/POST/pets") is Decision.IMPLICIT_DENY
    assert decide(policy()) is Decision.IMPLICIT_DENY


def test_one_statement_may_stand_without_a_list():
    assert decide({"Version": "2012-10-17", "Statement": statement()}) is Decision.ALLOW


@pytest.mark.parametrize(
    ("element", "value", "allowed"),
    [
        ("Action", "*", True),
        ("Action", "execute-api:*", True),
        ("Action", "EXECUTE-API:invoke", True),
        ("Action", ["s3:Get*", "execute-api:In?oke"], True),
        ("Action", "execute-api:Inv", False),
        ("Action", "execute-api:InvalidateCache", False),
        ("NotAction", "execute-api:InvalidateCache", True),
        ("NotAction", "execute-api:*", False),
    ],
)
def test_actions_are_matched_in_any_case(element: str, value: Any, allowed: bool):
    assert (decide(policy(statement(**{element: value}))) is Decision.ALLOW) is allowed


@pytest.mark.parametrize(
    ("resource", "allowed"),
    [
        (PETS, True),
        (f"{API}/prod/GET/Pets", False),
        (f"{API}/*", True),
        (f"{API}/*/GET/pets", True),
        (f"{API}/prod/*/pet?", True),
        (f"{API}/prod/GET/pet??", False),
        (f"{API}/*/POST/*", False),
        ("execute-api:/prod/GET/pets", True),
        ("execute-api:/*", True),
        ("execute-api:/dev/*", False),
        ("arn:aws:execute-api:*:*:*", True),
        ("arn:aws:execute-api:us-east-1:123456789012:*", True),
        ("arn:aws:execute-api:*", True),
        ("arn:aws:execute-api:eu-*", False),
        ("arn:aws:execute-api:us-*-1:123456789012:*/prod/*", True),
        ("arn:aws:execute-api:us-east-1:12345678901?:*", True),
        ("arn:aws:execute-api:us-east-1:999999999999:*", False),
    ],
)
def test_resources_are_matched_part_by_part(resource: str, allowed: bool):
    assert (decide(policy(statement(Resource=resource))) is Decision.ALLOW) is allowed


def test_no_wildcard_of_one_part_of_an_arn_reaches_into_the_next():
    theirs = f"arn:aws:execute-api:*:{'9' * 12}:zzzzzzzzzz/*"
    smuggling = f"{API}/prod/GET/x:{'9' * 12}:zzzzzzzzzz/y"

    assert decide(policy(statement(Resource=theirs)), smuggling) is Decision.IMPLICIT_DENY


def test_a_path_with_colons_is_matched_as_one_part():
    assert decide(policy(statement(Resource=f"{API}/prod/GET/a:b*")), f"{API}/prod/GET/a:bc:d") is Decision.ALLOW


def test_not_resource_covers_all_others():
    document = policy(statement("Deny", NotResource=f"{API}/prod/*"), statement())

    assert decide(document) is Decision.ALLOW
    assert decide(document, f"{API}/dev/GET/pets") is Decision.EXPLICIT_DENY


def test_variables_are_filled_in_and_their_wildcards_are_plain_characters():
    document = policy(statement(Resource=f"{API}/prod/GET/${{aws:username}}/*"))

    assert decide(document, f"{API}/prod/GET/alice/x", aws_username="alice") is Decision.ALLOW
    assert decide(document, f"{API}/prod/GET/bob/x", aws_username="alice") is Decision.IMPLICIT_DENY
    assert decide(document, f"{API}/prod/GET/bob/x", aws_username="*") is Decision.IMPLICIT_DENY
    assert decide(document, f"{API}/prod/GET/bob/x") is Decision.IMPLICIT_DENY


def test_a_variable_without_a_value_never_widens_what_is_allowed_nor_lifts_a_denial():
    homes = f"{API}/prod/GET/${{aws:username}}/*"

    assert decide(policy(statement(NotResource=homes))) is Decision.IMPLICIT_DENY
    assert decide(policy(statement(), statement("Deny", NotResource=homes))) is Decision.EXPLICIT_DENY
    differs = {"StringNotEquals": {"aws:Referer": "${aws:username}"}}
    assert decide(policy(statement(Condition=differs)), aws_Referer="x") is Decision.IMPLICIT_DENY
    assert decide(policy(statement("Deny", Condition=differs)), aws_Referer="x") is Decision.EXPLICIT_DENY


def test_a_variable_may_have_a_default_and_wildcards_may_be_written_as_characters():
    document = policy(statement(Resource=f"{API}/prod/GET/${{aws:PrincipalTag/team, 'nobody'}}/${{*}}"))

    assert decide(document, f"{API}/prod/GET/nobody/*") is Decision.ALLOW
    assert decide(document, f"{API}/prod/GET/nobody/x") is Decision.IMPLICIT_DENY


def test_variables_of_the_first_version_are_plain_characters():
    document = policy(statement(Resource=f"{API}/prod/GET/${{aws:username}}"), version="2008-10-17")

    assert decide(document, f"{API}/prod/GET/alice", aws_username="alice") is Decision.IMPLICIT_DENY
    assert decide(document, f"{API}/prod/GET/${{aws:username}}") is Decision.ALLOW


@pytest.mark.parametrize(
    ("principal", "anonymous", "alice"),
    [
        ("*", True, True),
        ({"AWS": "*"}, True, True),
        ({"AWS": "123456789012"}, False, True),
        ({"AWS": "arn:aws:iam::123456789012:root"}, False, True),
        ({"AWS": ["999999999999", "arn:aws:iam::123456789012:user/alice"]}, False, True),
        ({"AWS": "AIDAALICE"}, False, True),
        ({"AWS": "arn:aws:iam::123456789012:user/Alice"}, False, False),
        ({"AWS": "999999999999"}, False, False),
        ({"Service": "apigateway.amazonaws.com"}, False, False),
        ({"Federated": "cognito-identity.amazonaws.com"}, False, False),
    ],
)
def test_a_principal_is_everybody_an_account_or_a_name(principal: Any, anonymous: bool, alice: bool):
    allow = policy(statement(Principal=principal))
    others = policy(statement("Deny", NotPrincipal=principal))

    assert (decide(allow) is Decision.ALLOW) is anonymous
    assert (decide(allow, principal=ALICE) is Decision.ALLOW) is alice
    assert (decide(others) is Decision.EXPLICIT_DENY) is not anonymous
    assert (decide(others, principal=ALICE) is Decision.EXPLICIT_DENY) is not alice


def test_services_and_providers_are_principals_too():
    service = Principal(service="apigateway.amazonaws.com")

    assert (
        decide(policy(statement(Principal={"Service": "apigateway.amazonaws.com"})), principal=service)
        is Decision.ALLOW
    )
    assert (
        decide(policy(statement(Principal={"Service": "sns.amazonaws.com"})), principal=service)
        is Decision.IMPLICIT_DENY
    )
    federated = Principal(federated="cognito-identity.amazonaws.com")
    document = policy(statement(Principal={"Federated": "cognito-identity.amazonaws.com"}))
    assert decide(document, principal=federated) is Decision.ALLOW


def test_a_text_is_read_as_its_value_is():
    document = policy(statement(Resource=PETS))

    assert compile_policy(json.dumps(document)).decide(INVOKE, PETS, {}) is Decision.ALLOW


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ("", "JSON"),
        ("[]", "object"),
        ("[" * 20_000, "JSON"),
        ('{"Statement": [], "Statement": []}', "twice"),
        ('{"Statement": NaN}', "NaN"),
        ("{}", "Statement"),
        ({"Statement": "x"}, "Statement"),
        ({"Statement": [1]}, "object"),
        ({"Version": "2020-01-01", "Statement": []}, "Version"),
        ({"Statement": [], "Policies": []}, "Policies"),
        (policy(statement(Extra=1)), "Extra"),
        (policy(statement("allow")), "Effect"),
        (policy(statement(Action=[])), "Action"),
        (policy(statement(Action="Invoke")), "Action"),
        (policy(statement(Action="execute-api:*", NotAction="execute-api:*")), "NotAction"),
        (policy({"Effect": "Allow", "Action": "*"}), "Resource"),
        (policy({"Effect": "Allow", "Resource": "*"}), "Action"),
        (policy(statement(Resource=7)), "Resource"),
        (policy(statement(Resource="pets")), "ARN"),
        (policy(statement(Resource="arn:aws:s3:::${a b}")), "variable"),
        (policy(statement(Principal="alice")), "Principal"),
        (policy(statement(Principal={})), "Principal"),
        (policy(statement(Principal={"User": "*"})), "kind"),
        (policy(statement(Principal={"AWS": "arn:aws:iam::123456789012:user/*"})), "wildcards"),
        (policy(statement(Condition=[])), "Condition"),
        (policy(statement(Condition={"StringEqual": {"a": "b"}})), "StringEqual"),
        (policy(statement(Condition={"NullIfExists": {"a": "true"}})), "NullIfExists"),
        (policy(statement(Condition={"StringEquals": "x"})), "operator"),
        (policy(statement(Condition={"StringEquals": {"a": {}}})), "values"),
        (policy(statement(Condition={"IpAddress": {"aws:SourceIp": "300.1.1.1"}})), "IP address"),
        (policy(statement(Condition={"NumericEquals": {"a": "x"}})), "number"),
        (policy(statement(Condition={"DateLessThan": {"a": "tomorrow"}})), "date"),
        (policy(statement(Condition={"Bool": {"a": "yes"}})), "true nor false"),
        (policy(statement(Condition={"BinaryEquals": {"a": "?"}})), "Base64"),
        (policy(statement(Condition={"Null": {"a": "maybe"}})), "Null"),
        (policy(statement(Sid="\ud800")), "half"),
        (policy(statement(Sid="x" * LONGEST_POLICY)), "longer"),
        (policy(statement(Sid=object())), "JSON does not know"),
    ],
)
def test_what_is_no_policy_is_refused_with_the_reason(document: Any, complaint: str):
    with pytest.raises(IllFormedPolicy, match=complaint):
        compile_policy(document)


def test_whether_principals_belong_into_a_policy_depends_on_its_kind():
    with pytest.raises(IllFormedPolicy, match="must not name a Principal"):
        compile_policy(policy(statement(Principal="*")), principals=False)
    with pytest.raises(IllFormedPolicy, match="either Principal or NotPrincipal"):
        compile_policy(policy(statement()), principals=True)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=3),
    max_leaves=12,
)
names = st.sampled_from(
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"]
)
elements = st.dictionaries(
    names,
    json_values
    | st.sampled_from(["Allow", "Deny", "*", "execute-api:*", PETS, "arn:aws:s3:::${aws:username}"])
    | st.dictionaries(
        st.sampled_from(["StringLike", "ForAnyValue:ArnLike", "Null", "DateEquals", "IpAddress"]), json_values
    ),
)


@given(st.one_of(json_values, st.fixed_dictionaries({"Statement": elements | st.lists(elements, max_size=3)})))
def test_any_value_is_a_policy_or_refused(value: Any):
    try:
        compiled = compile_policy(value if isinstance(value, dict) else json.dumps(value))
    except IllFormedPolicy:
        return
    assert compiled.decide(INVOKE, PETS, {"aws:username": ["x"]}, ALICE) in Decision


@given(st.text(max_size=200))
def test_any_text_is_a_policy_or_refused(text: str):
    with pytest.raises(IllFormedPolicy):
        compile_policy(text)


def test_a_hostile_policy_costs_no_more_than_its_length():
    evil = f"{API}/" + "*a?" * 2_500 + "b"
    document = policy(statement("Deny", Resource=evil), statement())
    compiled = compile_policy(document)
    resource = f"{API}/" + "a" * 8_000

    started = time.perf_counter()
    assert compiled.decide(INVOKE, resource, {}) is Decision.ALLOW
    assert time.perf_counter() - started < 1
