"""Who owns what: accounts as AWS numbers them, the people in them, and the keys that sign requests."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models

from apps.accounts.sealed import SealedTextField
from apps.accounts.written_json import WrittenJSONField
from apps.core import ids


class Account(models.Model):
    """An AWS-style account: twelve digits. Every other row belongs to exactly one, in one region."""

    id = models.CharField(primary_key=True, max_length=12, default=ids.account_id)
    name = models.CharField(max_length=128)
    created = models.DateTimeField(auto_now_add=True)
    second_factor_required = models.BooleanField(default=False)


class User(AbstractUser):
    """A person: staff of the console, or a developer of the portal, or both. Signs in by e-mail or user name."""

    email = models.EmailField(unique=True)


class SecondFactor(models.Model):
    """The authenticator app of a person. Until they have shown a code of it, it asks for none."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="second_factor")
    secret = SealedTextField()
    confirmed = models.DateTimeField(null=True)
    last_step = models.BigIntegerField(default=-1)
    """The step of the newest code that was taken: no code is taken twice."""


class RecoveryCode(models.Model):
    """A code that stands in for the authenticator once. Kept as a keyed digest."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="one_recovery_code_per_digest")]


class ProvidedIdentity(models.Model):
    """Who a person is at the provider of identities that they sign in by: `subject` of `issuer`."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="identities")
    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issuer", "subject"], name="one_person_per_subject")]


class Membership(models.Model):
    """What a person may do in an account's console."""

    class Role(models.TextChoices):
        OWNER = "owner", "Owner"
        EDITOR = "editor", "Editor"
        VIEWER = "viewer", "Viewer"
        MEMBER = "member", "Member"
        """What the teams give, and nothing else."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role.choices, default=Role.VIEWER)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "account"], name="one_membership_per_account")]


class Team(models.Model):
    """People of an account who have a role together: in all of it, for some APIs by their ids, or for those with a tag."""

    class Scope(models.TextChoices):
        ACCOUNT = "ACCOUNT"
        APIS = "APIS"
        TAG = "TAG"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="teams")
    name = models.CharField(max_length=64)
    role = models.CharField(max_length=8, choices=Membership.Role.choices)
    scope = models.CharField(max_length=8, choices=Scope.choices, default=Scope.ACCOUNT)
    apis = WrittenJSONField(default=list)
    tag_key = models.CharField(max_length=128, blank=True)
    tag_value = models.CharField(max_length=256, blank=True)
    members = models.ManyToManyField(Membership, related_name="teams")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="one_team_per_name")]


class AccessKey(models.Model):
    """A key pair that signs requests (SigV4). The secret is kept sealed, because verifying needs it whole."""

    id = models.CharField(primary_key=True, max_length=128, default=ids.access_key_id)
    secret = SealedTextField()
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="access_keys")
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="access_keys")
    active = models.BooleanField(default=True)
    created = models.DateTimeField(auto_now_add=True)


class UserPolicy(models.Model):
    """A policy of a member in the account, in IAM's language: what it may call, or may not, beyond its role."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="policies")
    name = models.CharField(max_length=128)
    document = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["membership", "name"], name="one_user_policy_per_name")]


class AuditEvent(models.Model):
    """One changing operation: who, what, from where, and how it ended. Nothing in it is secret.

    `before` and `after` are what it changed, as the operation that reads it tells it: the members that differ.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="audit_events")
    region = models.CharField(max_length=32)
    at = models.DateTimeField(auto_now_add=True, db_index=True)
    principal = models.CharField(max_length=256)
    via = models.CharField(max_length=16)
    source_ip = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=64)
    operation = models.CharField(max_length=64)
    resource = models.CharField(max_length=256, blank=True)
    request = WrittenJSONField(default=dict)
    before = WrittenJSONField(null=True, blank=True)
    after = WrittenJSONField(null=True, blank=True)
    error = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [models.Index(fields=["account", "-at"], name="audit_by_account")]


class UndoableChange(models.Model):
    """What one operation changed, sealed, for as long as its `principal` may take it back. `about` is the API it was about, if any."""

    undo_id = models.CharField(max_length=32, unique=True, default=ids.undo_id)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    region = models.CharField(max_length=32)
    principal = models.CharField(max_length=256)
    at = models.DateTimeField(db_index=True)
    kind = models.CharField(max_length=16)
    about = models.CharField(max_length=32, blank=True)
    operation = models.CharField(max_length=96)
    changes = SealedTextField()


class AccountSettings(models.Model):
    """API Gateway's own settings of an account in a region (GetAccount, UpdateAccount)."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    region = models.CharField(max_length=32)
    cloudwatch_role_arn = models.CharField(max_length=2048, blank=True)
    throttle_rate_limit = models.FloatField(default=10_000)
    throttle_burst_limit = models.IntegerField(default=5_000)
    usage_plans_enabled = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "region"], name="one_settings_per_region")]


class Tag(models.Model):
    """A tag of any taggable resource, by its ARN."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    region = models.CharField(max_length=32)
    arn = models.CharField(max_length=512)
    key = models.CharField(max_length=128)
    value = models.CharField(max_length=256, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "arn", "key"], name="one_value_per_tag")]
