"""The command line: the table of commands, its words and options, help, and where output goes."""
