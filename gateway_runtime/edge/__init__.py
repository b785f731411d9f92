"""Bytes in, canonical request out: the protocol, its limits and what it refuses."""
