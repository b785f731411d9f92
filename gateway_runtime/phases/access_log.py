"""A stage's access log: one line for each answer, in the stage's format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway_runtime.exchange import Exchange
from gateway_runtime.mapping.access_log_format import compile_format

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import StageSite, Step


def access_log(site: StageSite) -> Step | None:
    """Nothing for a stage without a format. A canary's lines go into a log of their own, named as AWS names it."""
    if not site.stage.access_log_format:
        return None
    render = compile_format(site.stage.access_log_format, site)
    write = site.services.access_logs.write
    api_id = site.stage.api_id
    stage_name = f"{site.stage.stage_name}/Canary" if site.is_canary else site.stage.stage_name

    def step(exchange: Exchange) -> None:
        write(api_id, stage_name, render(exchange))

    return step
