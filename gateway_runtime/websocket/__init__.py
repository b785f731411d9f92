"""WebSocket APIs: connections, the events on them, and the routes that events take."""
