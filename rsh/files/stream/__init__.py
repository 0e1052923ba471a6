"""Records on their way through a lane of a channel: packed, compressed, paced."""
