"""Settings of the test suite: the product's, on a data directory of its own."""

from __future__ import annotations

import os
import tempfile

# Before the defaults read the environment: the tests never see the operator's installation.
_DATA_DIR = tempfile.mkdtemp(prefix="gatehouse-test-")
for _name in [name for name in os.environ if name.startswith("GATEHOUSE_") and not name.startswith("GATEHOUSE_TEST_")]:
    del os.environ[_name]
os.environ["GATEHOUSE_DATA_DIR"] = _DATA_DIR
os.environ["GATEHOUSE_SECRET_KEY"] = "a-secret-of-the-test-suite"  # noqa: S105
os.environ.pop("REDIS_URL", None)
os.environ["DATABASE_URL"] = os.environ.get("GATEHOUSE_TEST_DATABASE_URL", "")

from portal.settings.defaults import *  # noqa: E402, F403
from portal.settings.defaults import DATABASES  # noqa: E402

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: threads of a live server share it as the product's processes do.
    DATABASES["default"]["TEST"] = {"NAME": f"{_DATA_DIR}/test-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}.sqlite3"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", "apps.identity.hashers.RandomSecretHasher"]
ALLOWED_HOSTS = ["*"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
