"""The user's side: dialling, the API, the command line, the prompt. Never imports the server."""
