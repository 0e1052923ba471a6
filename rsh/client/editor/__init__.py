"""The line editor: how a line of the prompt is read, completed, coloured, kept and shown."""
