"""`manage.py operation`: any operation of an account, for whoever runs the installation: what has no page is reached by it."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationNotFoundError
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder

from apps.accounts.models import Account
from apps.control_plane import registry
from apps.control_plane.caller import system_caller
from apps.control_plane.errors import AwsError


class Command(BaseCommand):
    """Writes as every client does: validated, in one transaction, audited and published."""

    help = "Perform an operation, such as PutLoadBalancer, and print its answer as JSON."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("name", help="the operation")
        parser.add_argument(
            "request", nargs="?", default="{}", help="its request as a JSON object; - reads it from stdin"
        )
        parser.add_argument(
            "--service", default="gatehouse", help="gatehouse (the default), apigateway or apigatewayv2"
        )
        parser.add_argument("--account", help="the account's twelve digits; may be left out where there is one")
        parser.add_argument("--region", default=settings.ENVIRONMENT.region)

    def handle(self, *args: Any, **options: Any) -> None:
        text = sys.stdin.read() if options["request"] == "-" else options["request"]
        try:
            request = json.loads(text)
        except ValueError as error:
            raise CommandError(f"the request is no JSON: {error}") from error
        if not isinstance(request, dict):
            raise CommandError("the request must be a JSON object")
        caller = system_caller(_account(options["account"]), options["region"], "seed", "operator")
        try:
            answer = registry.call(caller, options["service"], options["name"], request)
        except AwsError as error:
            raise CommandError(f"{error.code}: {error}") from error
        except (OperationNotFoundError, UnknownServiceError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(answer, indent=2, cls=DjangoJSONEncoder))


def _account(given: str | None) -> str:
    known = list(Account.objects.order_by("pk").values_list("pk", flat=True))
    if given is None and len(known) == 1:
        return str(known[0])
    if given not in known:
        raise CommandError(f"--account must be one of {', '.join(known) or 'none: there is no account yet'}")
    return str(given)
