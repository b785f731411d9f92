"""Configuration in the runtime: fetched, verified, compiled aside, and swapped by one reference."""
