"""The data plane: configuration documents in, HTTP and WebSocket out. It imports no Django model and asks no database."""
