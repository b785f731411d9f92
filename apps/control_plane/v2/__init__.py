"""The operations of HTTP and WebSocket APIs (V2), one file for each resource."""
