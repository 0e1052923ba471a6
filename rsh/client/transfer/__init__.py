"""Copies as the user sees them: put, get and sync, with what is shown of them meanwhile."""
