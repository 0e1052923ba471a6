"""The holder: a small process of its own that owns one shell and its terminal (design: rsh-protocol(7), SHELL).

It is started with as little of Python as possible and imports nothing of rsh but this folder: 8 MB and 25 ms a shell.

The shell, bash or zsh, is interactive and has the terminal as its controlling one, but reads its lines from a pipe:
descriptor 0 is that pipe, 1, 2 and 8 are the terminal, 9 goes back to us. For each line we write two into the pipe, an
`eval` of the line with the terminal as its stdin, and a call of __rsh_tell, which writes status and directory to 9.
So nothing is echoed, quoted or scraped, and no output can be mistaken for a report. When a report arrives, the terminal
is read empty first: what a line printed is complete before its report.
"""
