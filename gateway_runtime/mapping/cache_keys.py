"""Under which key the answer to a request is kept: a hash over what tells answers of a stage apart.

As on AWS a deployment is not part of it, nor are a request's body, its caller, and parameters that are no cache key parameters.
Every part is written with its length, so that no value that a caller chose can run into its neighbour.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from gateway_runtime.exchange import Exchange
from gateway_runtime.mapping.parameters import RequestSource, request_source
from gateway_runtime.snapshot.stage import MethodSite, Misconfigured

_NAME = "gatehouse:answer:"


def compile_cache_key(site: MethodSite) -> Callable[[Exchange], str]:
    """A function from a request to its key. Raises Misconfigured for a parameter that no request has."""
    start = hashlib.sha256(b"".join(map(_text, _scope(site))))
    sources = [(_text(name), _source(name, site).read) for name in site.method.integration.cache_key_parameters]

    def key(exchange: Exchange) -> str:
        found = start.copy()
        found.update(_text(exchange.request.method))
        for name, read in sources:
            values = read(exchange, "")
            found.update(b"%b%d;" % (name, len(values)))
            for value in values:
                found.update(_text(value))
        return _NAME + found.hexdigest()

    return key


def _scope(site: MethodSite) -> Iterable[str]:
    """Whose answers: account, API, stage, and what makes all that was kept before unknown."""
    stage, integration = site.stage, site.method.integration
    own_cache = site.is_canary and not (stage.canary and stage.canary.use_stage_cache)
    return (
        stage.account_id,
        stage.region,
        stage.api_id,
        stage.stage_name,
        "canary" if own_cache else "stage",
        str(stage.cache_flushes),
        str(stage.cache_cluster_size),
        integration.cache_namespace or site.resource.id,
    )


def _source(name: str, site: MethodSite) -> RequestSource:
    """Where a cache key parameter comes from; one of the integration request is what is mapped to it."""
    source = request_source(site.method.integration.request_parameters.get(name, name), site)
    if source.needs_body:
        raise Misconfigured(f"the cache key parameter {name!r} is made from a body")
    return source


def _text(value: str) -> bytes:
    data = value.encode("utf-8", "surrogatepass")
    return b"%d:%b" % (len(data), data)
