"""How bytes travel: addresses, sockets, TLS. Knows nothing of frames."""
