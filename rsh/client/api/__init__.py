"""The public API: a machine over there, and what can be done with it."""
