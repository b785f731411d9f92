"""How the secrets of clients are hashed."""

from __future__ import annotations

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class RandomSecretHasher(PBKDF2PasswordHasher):
    """For secrets of 128 random characters, which nobody guesses however fast: slowness would serve only those who want to keep the
    portal busy."""

    algorithm = "pbkdf2_sha256_random"
    iterations = 1_000
