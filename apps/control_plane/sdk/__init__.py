"""Client SDKs, generated from what a stage serves."""
