"""Counters and sinks behind the ports: in memory, in Redis, on disk."""
