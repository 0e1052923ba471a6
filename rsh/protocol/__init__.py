"""What is said: bytes in, events out. No socket, thread, clock or file in here."""
