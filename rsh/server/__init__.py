"""The daemon: listening, limits, services. Never imports the client."""
