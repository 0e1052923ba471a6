"""Making one tree like another: what the target holds, what the source has to send for it."""
