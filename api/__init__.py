"""The HTTP API: routers that parse requests, execute commands, run queries and shape responses; access; problem+json; the live stream."""
