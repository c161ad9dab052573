"""How people and programs ask over HTTP: routers that only parse, execute or query, and shape; access; problem+json; the live stream."""
