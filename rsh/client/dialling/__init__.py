"""From the name of a host to a session with it: configuration, trust, shared connections."""
