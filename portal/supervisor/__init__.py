"""The one foreground process behind `make run`: it prepares an installation, starts its processes and keeps them alive."""
