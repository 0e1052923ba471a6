"""The user's own terminal: its modes, its keys, what it shows, and its return to what it was."""
