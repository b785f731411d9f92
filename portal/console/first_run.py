"""The first run: an account, its administrator and a key pair, and the same ones at every later start.

Secrets are chosen and written to `bootstrap.json` in the data directory (mode 0600, sealed) before the database learns of them:
whoever is interrupted between the two finds the same secrets again.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction

from apps.accounts.models import AccessKey, Account, Membership, User
from apps.core import ids
from apps.core.environment import Environment
from apps.core.secrets import Secret, SecretBox

ADMIN = "admin"
ADMIN_EMAIL = "admin@gatehouse.localhost"
FILE = "bootstrap.json"


class Unusable(Exception):
    """The operator's choice of credentials cannot be used; the message is one line."""


@dataclass(frozen=True)
class Demo:
    """Where the demo is: the API, the stage and the product's page in the developer portal."""

    api_id: str
    stage: str
    product_slug: str


@dataclass(frozen=True)
class Record:
    """What the installation remembers of its first run. `demo` None says that there has never been one."""

    account_id: str
    admin_password: Secret | None
    access_key_id: str
    secret_access_key: Secret
    demo: Demo | None = None


def record_file() -> Path:
    return settings.ENVIRONMENT.data_dir / FILE


def read_record() -> Record | None:
    """The record, or None when there is none that can be read with this installation's secret."""
    try:
        kept = json.loads(record_file().read_text())
        box = SecretBox(settings.SEALING_KEY)
        return Record(
            account_id=kept["account_id"],
            admin_password=box.open(kept["admin_password"]) if kept["admin_password"] else None,
            access_key_id=kept["access_key_id"],
            secret_access_key=box.open(kept["secret_access_key"]),
            demo=Demo(**kept["demo"]) if kept["demo"] else None,
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def write_record(record: Record) -> None:
    """Replace the record in one step; only its owner can read it."""
    box = SecretBox(settings.SEALING_KEY)
    kept = asdict(record) | {
        "admin_password": box.seal(record.admin_password) if record.admin_password else None,
        "secret_access_key": box.seal(record.secret_access_key),
    }
    file = record_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_suffix(f".{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        json.dump(kept, stream, indent=2)
    temporary.replace(file)


def establish(environment: Environment) -> Record:
    """Make the account, the administrator and the key pair, or bring them to what the environment says now.

    Raises `Unusable` when the environment names half a key pair or a key of another account.
    """
    before = read_record()
    wanted = _wanted(environment, before)
    if wanted != before:
        write_record(wanted)
    with transaction.atomic():
        account, _ = Account.objects.get_or_create(pk=wanted.account_id, defaults={"name": "Gatehouse"})
        user = _administrator(account, wanted.admin_password, force=bool(environment.admin_password))
        _key_pair(account, user, wanted, before)
    if wanted.admin_password and not user.check_password(wanted.admin_password):
        # The administrator has chosen another one since: the record must not pretend to know it.
        wanted = replace(wanted, admin_password=None)
        write_record(wanted)
    return wanted


def _wanted(environment: Environment, before: Record | None) -> Record:
    """The record as it should be: the environment's choice, else what is recorded, else what the database has, else new."""
    if bool(environment.access_key_id) != bool(environment.secret_access_key):
        raise Unusable("GATEHOUSE_ACCESS_KEY_ID and GATEHOUSE_SECRET_ACCESS_KEY must be given together")
    admin = User.objects.filter(username=ADMIN).first()
    password = environment.admin_password or (before.admin_password if before else None)
    if password is None and admin is None:
        password = secrets.token_urlsafe(15)
    account_id, demo = _account_id(admin, before)
    if environment.access_key_id and environment.secret_access_key:
        key_id, secret = environment.access_key_id, environment.secret_access_key
    elif before:
        key_id, secret = before.access_key_id, before.secret_access_key
    else:
        found = AccessKey.objects.filter(account_id=account_id, user=admin, active=True).order_by("created").first()
        key_id = found.id if found else ids.access_key_id()
        secret = found.secret if found else ids.secret_access_key()
    return Record(account_id, Secret(password) if password else None, key_id, Secret(secret), demo)


def _account_id(admin: User | None, before: Record | None) -> tuple[str, Demo | None]:
    """The account, and the demo that is recorded for it; a new database knows no demo, whatever the record says."""
    owned = admin and admin.memberships.filter(role=Membership.Role.OWNER).order_by("pk").first()
    if before and Account.objects.filter(pk=before.account_id).exists():
        return before.account_id, before.demo
    if owned:
        return owned.account_id, None
    return (before.account_id if before else ids.account_id()), None


def _administrator(account: Account, password: str | None, *, force: bool) -> User:
    user, created = User.objects.get_or_create(
        username=ADMIN, defaults={"email": ADMIN_EMAIL, "is_staff": True, "is_superuser": True}
    )
    if password and (created or (force and not user.check_password(password))):
        user.set_password(password)
        user.save()
    if created:
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    Membership.objects.get_or_create(user=user, account=account, defaults={"role": Membership.Role.OWNER})
    return user


def _key_pair(account: Account, user: User, wanted: Record, before: Record | None) -> None:
    row = AccessKey.objects.filter(pk=wanted.access_key_id).first()
    if row is None:
        AccessKey.objects.create(id=wanted.access_key_id, secret=wanted.secret_access_key, account=account, user=user)
    elif row.account_id != account.pk:
        raise Unusable(f"the access key {row.pk} belongs to another account")
    elif row.secret != wanted.secret_access_key or not row.active:
        row.secret, row.active = wanted.secret_access_key, True
        row.save()
    if before and before.access_key_id != wanted.access_key_id:
        # The operator gave another pair: the one it replaces opens nothing any more.
        AccessKey.objects.filter(pk=before.access_key_id, account=account).update(active=False)
