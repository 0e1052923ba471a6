"""Where bytes meet frames: threads and a blocking API, shared by both ends."""
