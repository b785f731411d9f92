"""The settings an operator gives by environment variables, parsed once.

Both planes, the supervisor and the tests read this one object; `docs/operations.md` holds the table for people.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import urlsplit

from apps.core.aws_access import AwsAccess
from apps.core.sigv4_signing import AwsCredentials
from apps.core.single_sign_on import BadSingleSignOn, SingleSignOn, read_single_sign_on

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class VpcEndpoint(NamedTuple):
    """What callers of private APIs come through: those from `networks` come through the endpoint `endpoint_id`, from `vpc_id`."""

    endpoint_id: str
    vpc_id: str | None
    networks: tuple[Network, ...]


_SERVICE_END_POINT = "GATEHOUSE_AWS_ENDPOINT_URL_"


class TraceSampling(NamedTuple):
    """Which requests without a decision of their own are traced: so many a second, and a share (0 to 1) of the others."""

    per_second: float
    share: float


class BadEnvironment(ValueError):
    """A variable has a value that Gatehouse cannot use; the message is one line for the operator."""


@dataclass(frozen=True)
class Environment:
    """What the operator decided. Ports are TCP ports; `workers` is a number of data-plane processes."""

    portal_port: int
    gateway_port: int
    https_port: int | None
    management_port: int
    bind: str
    data_dir: Path
    workers: int
    fast_lane: bool
    region: str
    database_url: str | None
    redis_url: str | None
    admin_password: str | None
    access_key_id: str | None
    secret_access_key: str | None
    secret_key: str | None
    debug: bool
    public_portal_url: str | None
    public_gateway_url: str | None
    internal_gateway_url: str | None
    mail_url: str | None
    mail_from: str
    allowed_hosts: tuple[str, ...]
    allow_private_backends: bool
    internal_portal_url: str | None
    functions_url: str | None
    function_processes: int
    function_folders: tuple[Path, ...]
    function_tcp_ports: frozenset[int] | None
    user_pools: Mapping[str, str]
    vpc_endpoints: tuple[VpcEndpoint, ...]
    trusted_proxies: tuple[Network, ...]
    proxy_protocol: tuple[Network, ...]
    dns_servers: tuple[tuple[str, int], ...]
    stage_cache_megabytes: int
    stream_megabytes_per_second: float
    aws: AwsAccess
    stories_per_second: float
    otlp_url: str | None
    trace_sampling: TraceSampling
    single_sign_on: SingleSignOn | None
    password_sign_in: bool

    @property
    def effective_database_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'gatehouse.sqlite3'}"

    @property
    def valkey_socket(self) -> Path:
        return self.data_dir / "valkey.sock"

    @property
    def valkey_password(self) -> str:
        """What the embedded Valkey asks for: who may open its socket, as functions may, is not yet who may read it."""
        return self.derived_key("embedded-valkey").hex()

    @property
    def effective_redis_url(self) -> str:
        return self.redis_url or f"unix://:{self.valkey_password}@{self.valkey_socket}"

    @property
    def portal_address(self) -> str:
        """Where the function host reaches the portal, without a trailing slash."""
        return self.internal_portal_url or f"http://{_visible(self.bind)}:{self.portal_port}"

    @property
    def portal_host_header(self) -> str:
        """A Host header that the portal accepts, whatever address it is reached by."""
        named = [host.lstrip(".") for host in self.allowed_hosts if host != "*"]
        return named[0] if named else "localhost"

    @property
    def functions_socket(self) -> Path:
        """Where the function host listens, unless `functions_url` names an address."""
        return self.data_dir / "functions.sock"

    @property
    def secret_key_file(self) -> Path:
        return self.data_dir / "secret.key"

    @property
    def portal_url(self) -> str:
        """The address people and AWS clients use for the portal, without a trailing slash."""
        return self.public_portal_url or f"http://{_visible(self.bind)}:{self.portal_port}"

    @property
    def gateway_url(self) -> str:
        """The address callers of the APIs use, without a trailing slash."""
        return self.public_gateway_url or f"http://{_visible(self.bind)}:{self.gateway_port}"

    @property
    def try_it_url(self) -> str:
        """Where the portal itself reaches the gateway; differs from what callers use where containers are between."""
        return self.internal_gateway_url or f"http://{_visible(self.bind)}:{self.gateway_port}"

    @property
    def own_hosts(self) -> frozenset[str]:
        """The hosts at which this installation itself is reached: nobody's custom domain name may stand in for one of them."""
        found = (urlsplit(url).hostname for url in (self.gateway_url, self.try_it_url, self.portal_url))
        return frozenset(host for host in found if host)

    def master_secret(self) -> str:
        """The one secret everything else is derived from.

        Taken from the environment, else from the data directory's file, which the first process creates (mode 0600).
        """
        if self.secret_key:
            return self.secret_key
        try:
            return self.secret_key_file.read_text().strip()
        except FileNotFoundError:
            return self._create_secret_file()

    def _create_secret_file(self) -> str:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        fresh = base64.urlsafe_b64encode(os.urandom(48)).decode()
        temporary = self.secret_key_file.with_suffix(f".{os.getpid()}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(fresh)
        try:
            # A link never replaces: of two processes that start together, one wins and both read the same secret.
            os.link(temporary, self.secret_key_file)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
        return self.secret_key_file.read_text().strip()

    def derived_key(self, purpose: str) -> bytes:
        """Thirty-two bytes that only serve `purpose` (for instance `"api-key-digest"`)."""
        return hashlib.blake2b(purpose.encode(), key=self.master_secret().encode()[:64], digest_size=32).digest()


def read_environment(variables: Mapping[str, str]) -> Environment:
    """Parse environment variables; raises `BadEnvironment` with one clear line for the first bad one."""
    bind = variables.get("GATEHOUSE_BIND", "127.0.0.1")
    debug = _flag(variables, "GATEHOUSE_DEBUG", default=False)
    if debug and not is_loopback(bind):
        raise BadEnvironment(
            f"GATEHOUSE_DEBUG cannot be on while GATEHOUSE_BIND is {bind}: bind to 127.0.0.1 or turn it off"
        )
    gateway_port = _port(variables, "GATEHOUSE_GATEWAY_PORT", 8080)
    return Environment(
        portal_port=_port(variables, "GATEHOUSE_PORTAL_PORT", 8000),
        gateway_port=gateway_port,
        https_port=_port(variables, "GATEHOUSE_HTTPS_PORT", 443) if variables.get("GATEHOUSE_HTTPS_PORT") else None,
        management_port=_port(
            variables, "GATEHOUSE_MANAGEMENT_PORT", gateway_port + 1 if gateway_port < 65535 else 9080
        ),
        bind=bind,
        data_dir=Path(variables.get("GATEHOUSE_DATA_DIR") or "var").resolve(),
        workers=_positive(variables, "GATEHOUSE_WORKERS", min(4, os.cpu_count() or 1)),
        fast_lane=_flag(variables, "GATEHOUSE_FAST_LANE", default=True),
        region=variables.get("GATEHOUSE_REGION") or "us-east-1",
        database_url=variables.get("DATABASE_URL") or None,
        redis_url=variables.get("REDIS_URL") or None,
        admin_password=variables.get("GATEHOUSE_ADMIN_PASSWORD") or None,
        access_key_id=variables.get("GATEHOUSE_ACCESS_KEY_ID") or None,
        secret_access_key=variables.get("GATEHOUSE_SECRET_ACCESS_KEY") or None,
        secret_key=variables.get("GATEHOUSE_SECRET_KEY") or None,
        debug=debug,
        public_portal_url=_url(variables, "GATEHOUSE_PUBLIC_PORTAL_URL"),
        public_gateway_url=_url(variables, "GATEHOUSE_PUBLIC_GATEWAY_URL"),
        internal_gateway_url=_url(variables, "GATEHOUSE_INTERNAL_GATEWAY_URL"),
        mail_url=_mail_url(variables, "GATEHOUSE_MAIL_URL"),
        mail_from=variables.get("GATEHOUSE_MAIL_FROM") or "gatehouse@localhost",
        allowed_hosts=tuple(
            host.strip() for host in variables.get("GATEHOUSE_ALLOWED_HOSTS", "").split(",") if host.strip()
        ),
        allow_private_backends=_flag(variables, "GATEHOUSE_ALLOW_PRIVATE_BACKENDS", default=is_loopback(bind)),
        internal_portal_url=_url(variables, "GATEHOUSE_INTERNAL_PORTAL_URL"),
        functions_url=_functions_url(variables, "GATEHOUSE_FUNCTIONS_URL"),
        function_processes=_positive(variables, "GATEHOUSE_FUNCTION_PROCESSES", 20),
        function_folders=_folders(variables, "GATEHOUSE_FUNCTION_FOLDERS"),
        function_tcp_ports=_ports(variables, "GATEHOUSE_FUNCTION_TCP_PORTS"),
        user_pools=_user_pools(variables, "GATEHOUSE_USER_POOLS"),
        vpc_endpoints=_vpc_endpoints(variables, "GATEHOUSE_VPC_ENDPOINTS"),
        trusted_proxies=_networks(variables, "GATEHOUSE_TRUSTED_PROXIES"),
        proxy_protocol=_networks(variables, "GATEHOUSE_PROXY_PROTOCOL"),
        dns_servers=_dns_servers(variables, "GATEHOUSE_DNS_SERVERS"),
        stream_megabytes_per_second=_number(variables, "GATEHOUSE_STREAM_MEGABYTES_PER_SECOND", 2.0),
        stage_cache_megabytes=_positive(variables, "GATEHOUSE_STAGE_CACHE_MEGABYTES", 128),
        aws=_aws_access(variables),
        stories_per_second=_number(variables, "GATEHOUSE_STORIES_PER_SECOND", 5.0),
        otlp_url=_url(variables, "GATEHOUSE_OTLP_URL"),
        trace_sampling=_trace_sampling(variables, "GATEHOUSE_TRACE_SAMPLING"),
        single_sign_on=_single_sign_on(variables),
        password_sign_in=_password_sign_in(variables),
    )


def _port(variables: Mapping[str, str], name: str, default: int) -> int:
    number = _positive(variables, name, default)
    if number > 65535:
        raise BadEnvironment(f"{name} must be a port between 1 and 65535, not {number}")
    return number


def _ports(variables: Mapping[str, str], name: str) -> frozenset[int] | None:
    """`443, 5432`: ports; `none`: no port at all. Without it, None."""
    text = variables.get(name, "").strip()
    if text in ("", "none"):
        return frozenset() if text else None
    ports = [entry.strip() for entry in text.split(",")]
    for port in ports:
        if not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) <= 65535:
            raise BadEnvironment(f"{name} must be none, or ports with commas between, such as 443, 5432, not {port!r}")
    return frozenset(map(int, ports))


def _positive(variables: Mapping[str, str], name: str, default: int) -> int:
    text = variables.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise BadEnvironment(f"{name} must be a whole number above 0, not {text!r}")
    return int(text)


def _number(variables: Mapping[str, str], name: str, default: float) -> float:
    text = variables.get(name) or str(default)
    if not re.fullmatch(r"\d{1,6}(\.\d{1,6})?", text, re.ASCII):
        raise BadEnvironment(f"{name} must be a number, 0 or above, not {text!r}")
    return float(text)


def _trace_sampling(variables: Mapping[str, str], name: str) -> TraceSampling:
    text = variables.get(name) or "1+5%"
    match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?)\+(\d{1,3}(?:\.\d{1,6})?)%", text, re.ASCII)
    if match is None or float(match[2]) > 100:
        raise BadEnvironment(f"{name} must look like 1+5% (one request a second and 5 % of the others), not {text!r}")
    return TraceSampling(float(match[1]), float(match[2]) / 100)


def _flag(variables: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = variables.get(name, "").strip().lower()
    if not text:
        return default
    if text in {"1", "true", "yes", "on"}:
        return True
    if text in {"0", "false", "no", "off"}:
        return False
    raise BadEnvironment(f"{name} must be true or false, not {text!r}")


def _single_sign_on(variables: Mapping[str, str]) -> SingleSignOn | None:
    try:
        return read_single_sign_on(variables)
    except BadSingleSignOn as error:
        raise BadEnvironment(str(error)) from error


def _password_sign_in(variables: Mapping[str, str]) -> bool:
    allowed = _flag(variables, "GATEHOUSE_PASSWORD_SIGN_IN", default=True)
    if not allowed and not variables.get("GATEHOUSE_OIDC_ISSUER"):
        raise BadEnvironment(
            "GATEHOUSE_PASSWORD_SIGN_IN cannot be off without GATEHOUSE_OIDC_ISSUER: nobody could sign in"
        )
    return allowed


def _url(variables: Mapping[str, str], name: str) -> str | None:
    text = variables.get(name, "").rstrip("/")
    if text and not text.startswith(("http://", "https://")):
        raise BadEnvironment(f"{name} must start with http:// or https://, not {text!r}")
    return text or None


def _functions_url(variables: Mapping[str, str], name: str) -> str | None:
    text = variables.get(name, "").rstrip("/")
    if text and not re.fullmatch(r"http://[^:/@\s]+:\d{1,5}", text):
        raise BadEnvironment(f"{name} must look like http://functions:8090, not {text!r}")
    return text or None


def _folders(variables: Mapping[str, str], name: str) -> tuple[Path, ...]:
    folders = tuple(Path(text) for text in variables.get(name, "").split(os.pathsep) if text)
    for folder in folders:
        if not folder.is_absolute():
            raise BadEnvironment(f"{name} must be absolute paths with colons between them, not {folder}")
    return folders


def _aws_access(variables: Mapping[str, str]) -> AwsAccess:
    """How AWS services are reached. A setting may name a service, as `GATEHOUSE_AWS_ENDPOINT_URL_SQS` does."""
    key, secret = variables.get("GATEHOUSE_AWS_ACCESS_KEY_ID"), variables.get("GATEHOUSE_AWS_SECRET_ACCESS_KEY")
    token = variables.get("GATEHOUSE_AWS_SESSION_TOKEN") or None
    if bool(key) is not bool(secret):
        raise BadEnvironment(
            "GATEHOUSE_AWS_ACCESS_KEY_ID and GATEHOUSE_AWS_SECRET_ACCESS_KEY go together: set both or none"
        )
    accounts = frozenset(filter(None, map(str.strip, variables.get("GATEHOUSE_AWS_ACCOUNTS", "").split(","))))
    for account in accounts:
        if not re.fullmatch(r"[0-9]{12}", account):
            raise BadEnvironment(
                f"GATEHOUSE_AWS_ACCOUNTS must be account ids of 12 digits with commas between, not {account!r}"
            )
    roles = variables.get("GATEHOUSE_AWS_ROLES") or "assume"
    if roles not in ("assume", "operator"):
        raise BadEnvironment(f"GATEHOUSE_AWS_ROLES must be assume or operator, not {roles!r}")
    named = {name: _url(variables, name) for name in sorted(variables) if name.startswith(_SERVICE_END_POINT)}
    return AwsAccess(
        credentials=AwsCredentials(key, secret, token) if key and secret else None,
        accounts=accounts or None,
        endpoint_url=_url(variables, "GATEHOUSE_AWS_ENDPOINT_URL"),
        endpoint_urls={name.removeprefix(_SERVICE_END_POINT): url for name, url in named.items() if url},
        assumes_roles=roles == "assume",
    )


def _mail_url(variables: Mapping[str, str], name: str) -> str | None:
    text = variables.get(name, "")
    if text and not re.fullmatch(r"smtp(\+tls|\+ssl)?://([^@/\s]+@)?[^@:/\s]+(:\d{1,5})?/?", text):
        # The value holds a password, so it is not repeated.
        raise BadEnvironment(f"{name} must look like smtp+tls://user:password@host:587 (or smtp://, smtp+ssl://)")
    return text or None


def _user_pools(variables: Mapping[str, str], name: str) -> Mapping[str, str]:
    pools = {}
    for entry in filter(None, map(str.strip, variables.get(name, "").split(","))):
        pool, _, issuer = entry.partition("=")
        if not re.fullmatch(r"[\w-]+_[0-9A-Za-z]+", pool) or not issuer.startswith(("http://", "https://")):
            raise BadEnvironment(f"{name} must look like us-east-1_pool=https://issuer.example.com, not {entry!r}")
        pools[pool] = issuer
    return MappingProxyType(pools)


def _dns_servers(variables: Mapping[str, str], name: str) -> tuple[tuple[str, int], ...]:
    """`10.0.0.2, [fd00::2]:5353`: addresses, with the port where it is not 53."""
    servers = []
    for entry in filter(None, map(str.strip, variables.get(name, "").split(","))):
        match = re.fullmatch(r"(?:([0-9.]+)|\[([0-9A-Fa-f:.]+)\])(?::(\d{1,5}))?", entry, re.ASCII)
        try:
            address = ipaddress.ip_address(match[1] or match[2] if match else "")
            port = int(match[3] or 53) if match else 0
        except ValueError:
            address, port = None, 0
        if address is None or not 0 < port <= 65535:
            raise BadEnvironment(f"{name} must look like 10.0.0.2, [fd00::2]:5353, not {entry!r}")
        servers.append((str(address), port))
    return tuple(servers)


def _vpc_endpoints(variables: Mapping[str, str], name: str) -> tuple[VpcEndpoint, ...]:
    """`vpce-1a2b3c4d@vpc-5e6f=10.0.0.0/16+10.8.0.0/16, vpce-…`: endpoints, their VPCs, and the networks behind them."""
    endpoints = []
    for entry in filter(None, map(str.strip, variables.get(name, "").split(","))):
        match = re.fullmatch(r"(vpce-[0-9a-z]+)(?:@(vpc-[0-9a-z]+))?=(\S+)", entry)
        try:
            networks = tuple(map(ipaddress.ip_network, match[3].split("+"))) if match else ()
        except ValueError:
            networks = ()
        if match is None or not networks:
            raise BadEnvironment(f"{name} must look like vpce-1a2b3c4d@vpc-5e6f7a8b=10.0.0.0/16, not {entry!r}")
        endpoints.append(VpcEndpoint(match[1], match[2], networks))
    return tuple(endpoints)


def _networks(variables: Mapping[str, str], name: str) -> tuple[Network, ...]:
    """`10.0.0.0/24, 192.0.2.7`: networks, or single addresses."""
    texts = [text.strip() for text in variables.get(name, "").split(",") if text.strip()]
    try:
        return tuple(ipaddress.ip_network(text) for text in texts)
    except ValueError as error:
        raise BadEnvironment(f"{name} must be networks with commas between, such as 10.0.0.0/24: {error}") from None


def is_loopback(bind: str) -> bool:
    """Whether a host name or an address is this machine's own loopback."""
    if bind == "localhost":
        return True
    try:
        return ipaddress.ip_address(bind).is_loopback
    except ValueError:
        return False


def _visible(bind: str) -> str:
    """The host to show for a bind address: the wildcard is reached through the loopback one."""
    if bind in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{bind}]" if ":" in bind else bind
