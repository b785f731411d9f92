"""Certificates by which API Gateway shows a back end that a call comes from it."""

from __future__ import annotations

from django.db import models

from apps.accounts.models import Account
from apps.accounts.sealed import SealedTextField
from apps.core import ids


class ClientCertificate(models.Model):
    """A self-signed certificate (PEM) with its private key, which is sealed and never shown."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="client_certificates")
    region = models.CharField(max_length=32)
    certificate_id = models.CharField(max_length=10, default=ids.client_certificate_id)
    description = models.TextField(null=True, blank=True)  # noqa: DJ001 - absent and empty differ on the wire
    certificate = models.TextField()
    private_key = SealedTextField()
    created = models.DateTimeField()
    expires = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "region", "certificate_id"], name="one_client_certificate_per_id"
            )
        ]
