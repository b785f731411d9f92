"""The vocabulary both planes share: no Django, no network."""
