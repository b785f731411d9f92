"""HTTPS towards callers: which certificate a connection is shown, and who its caller proves to be."""
