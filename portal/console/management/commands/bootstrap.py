"""`manage.py bootstrap`: what a fresh installation needs before anybody can sign in or send a request."""

from __future__ import annotations

import argparse
import json
import os
import re
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.accounts.models import Account, AccountSettings
from apps.control_plane import registry
from apps.control_plane.caller import Caller, system_caller
from apps.deployments.publisher import catch_up, publish_credentials
from apps.rest_apis.models import RestApi
from portal.console.first_run import ADMIN, Demo, Record, Unusable, establish, write_record
from portal.demo import seeding

_BACKEND = re.compile(r"[A-Za-z0-9.-]+:[0-9]{1,5}")


class Command(BaseCommand):
    """Idempotent: a second run changes nothing and prints the same."""

    help = (
        "Make the account, the administrator, the key pair and the demo, and print one JSON object that tells of them."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--demo", action=argparse.BooleanOptionalAction, default=True, help="make the PetStore demo, once"
        )
        parser.add_argument("--backend", metavar="HOST:PORT", help="where the demo's back end listens")

    def handle(self, *args: Any, **options: Any) -> None:
        environment = settings.ENVIRONMENT
        try:
            record = establish(environment)
        except Unusable as error:
            raise CommandError(str(error)) from error
        caller = system_caller(record.account_id, environment.region, "seed", "bootstrap")
        _publish_account_limits(caller)
        for account in Account.objects.order_by("pk"):
            publish_credentials(account.pk)
        if options["demo"]:
            record = _keep_demo(caller, record, _backend(options["backend"]))
        catch_up()
        self.stdout.write(json.dumps(_answer(record), indent=2))


def _backend(given: str | None) -> str | None:
    """The demo's back end: the option, else the port that the supervisor gives in GATEHOUSE_DEMO_PORT."""
    port = os.environ.get("GATEHOUSE_DEMO_PORT")
    backend = given or (f"127.0.0.1:{port}" if port else None)
    if backend is not None and not _BACKEND.fullmatch(backend):
        raise CommandError(f"the demo's back end must be HOST:PORT, not {backend!r}")
    return backend


def _publish_account_limits(caller: Caller) -> None:
    """The account's limits become a section with the account: AWS's defaults, until somebody changes them."""
    mine = AccountSettings.objects.filter(account_id=caller.account_id, region=caller.region)
    if not mine.exists():
        fresh = AccountSettings()
        limits = {"rateLimit": fresh.throttle_rate_limit, "burstLimit": fresh.throttle_burst_limit}
        registry.call(caller, "gatehouse", "UpdateAccountThrottle", limits)


def _keep_demo(caller: Caller, record: Record, backend: str | None) -> Record:
    """Make the demo unless there has been one, which people may have changed or deleted; move its back end when that moved."""
    if record.demo is None:
        if backend is None:
            raise CommandError("the demo needs --backend HOST:PORT (or leave it out with --no-demo)")
        api_id = seeding.existing(caller) or seeding.seed(caller, backend)
        record = replace(record, demo=Demo(api_id, seeding.STAGE, seeding.SLUG))
        write_record(record)
    assert record.demo is not None
    if backend is not None:
        row = RestApi.objects.filter(pk=record.demo.api_id, account_id=record.account_id).first()
        if row is not None:
            there = system_caller(record.account_id, row.region, "seed", "bootstrap")
            seeding.point_at(there, row.pk, backend)
    return record


def _answer(record: Record) -> dict[str, Any]:
    environment = settings.ENVIRONMENT
    demo = record.demo
    answer: dict[str, Any] = {
        "account_id": record.account_id,
        "region": environment.region,
        "admin_username": ADMIN,
        "admin_password": record.admin_password,
        "access_key_id": record.access_key_id,
        "secret_access_key": record.secret_access_key,
        "demo": None,
    }
    if demo is not None and RestApi.objects.filter(pk=demo.api_id).exists():
        invoke_path = f"/_aws/execute-api/{demo.api_id}/{demo.stage}"
        answer["demo"] = {
            "api_id": demo.api_id,
            "stage": demo.stage,
            "invoke_path": invoke_path,
            "product_slug": demo.product_slug,
        }
        answer["demo_url"] = f"{environment.gateway_url}{invoke_path}/health"
    return answer
