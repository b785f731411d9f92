"""`python -m portal.supervisor.healthcheck portal|gateway|functions`: status 0 when that process answers. For containers."""

from __future__ import annotations

import os
import sys

from apps.core.environment import read_environment
from portal.supervisor import product

CHECKED = {"portal": product.portal, "gateway": product.gateway, "functions": product.functions}


def main(name: str) -> int:
    ready = CHECKED[name](read_environment(os.environ)).ready
    return 0 if ready is not None and ready() else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
