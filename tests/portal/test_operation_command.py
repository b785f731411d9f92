"""`manage.py operation` performs an operation as the operator of the installation."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import Account, AuditEvent
from apps.vpc_links.models import LoadBalancer

ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/shop/50dc6c495c0c9188"
REQUEST = json.dumps({"loadBalancerArn": ARN, "targets": [{"host": "10.0.0.7", "port": 80}]})


def performed(*arguments: str) -> dict[str, object]:
    out = io.StringIO()
    call_command("operation", *arguments, stdout=out)
    answer: dict[str, object] = json.loads(out.getvalue())
    return answer


def test_an_operation_is_performed_audited_and_answered(account: Account) -> None:
    answer = performed("PutLoadBalancer", REQUEST)

    assert answer["loadBalancerArn"] == ARN
    assert LoadBalancer.objects.get().account_id == account.pk
    assert AuditEvent.objects.get().principal.endswith("role/gatehouse/operator")


def test_the_request_may_come_from_standard_input(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(REQUEST))

    assert performed("PutLoadBalancer", "-", "--account", account.pk, "--region", "eu-central-1")["targets"]
    assert LoadBalancer.objects.get().region == "eu-central-1"


def test_an_operation_of_aws_is_performed_too(account: Account) -> None:
    assert performed("CreateRestApi", '{"name": "pets"}', "--service", "apigateway")["name"] == "pets"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("PutLoadBalancer", "{"), "no JSON"),
        (("PutLoadBalancer", "[]"), "JSON object"),
        (("PutLoadBalancer", "{}"), "ValidationException"),
        (("NoSuchOperation",), "NoSuchOperation"),
        (("ListLoadBalancers", "{}", "--service", "nosuch"), "nosuch"),
        (("ListLoadBalancers", "{}", "--account", "999999999999"), "--account must be one of"),
    ],
)
def test_what_cannot_be_performed_is_told(account: Account, arguments: tuple[str, ...], complaint: str) -> None:
    with pytest.raises(CommandError, match=complaint):
        performed(*arguments)


def test_with_several_accounts_one_has_to_be_named(account: Account) -> None:
    Account.objects.create(name="another")

    with pytest.raises(CommandError, match="--account"):
        performed("ListLoadBalancers")
