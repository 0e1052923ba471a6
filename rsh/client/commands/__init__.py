"""The commands of the table that are neither a transfer nor a prompt, a file for each family."""
