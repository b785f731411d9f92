"""What HTTP and WebSocket APIs share in the data plane."""
