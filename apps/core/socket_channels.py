"""Where processes of the data plane are spoken to about their WebSocket connections: names within Channels' Redis layer."""

from __future__ import annotations

PREFIX = "gatehouse:channel"
EVERYBODY = "workers"
"""The group of all processes."""

GROUP_CHANNEL = f"{PREFIX}__group__{EVERYBODY}"
"""What the layer calls the group in Redis: each process that listens is one subscriber."""

LARGEST_LIST = 1_000
"""The most connections that one process tells of at a time."""
