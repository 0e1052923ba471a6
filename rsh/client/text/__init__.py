"""Words and lines: what can be said of them without any machine, terminal or connection."""
