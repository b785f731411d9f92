"""Seeing what happens to a request: the timed walk, stories, execution logs, traces."""
