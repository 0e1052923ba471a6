"""The wording of a line: what it tells of what the line will do, before it runs.

That is looked for as one writes it; what a function or a file of the user's does is not seen.
"""

import re

# What goes on in the next line, where our last command would be a part of it: it is left out then.
OPEN_END = re.compile(rb"(?:[|&\\]|\(\s*\)|\bfunction\s+\S+)\s*\Z")
HERE_DOCUMENT = re.compile(rb"<<-?[ \t]*(['\"\\]?)([^\s'\"\\;&|<>()]+)\1")

# What shows lines as they are read, or commands as they run; what restricts bash, for good; and what has the shell
# itself act on a signal, and go on.
# Options stand near their `set`: a text of a megabyte with many a set in it is not looked through to its end for each.
VERBOSE = re.compile(rb"\bverbose\b|\bset\b[^\n;&|]{0,256}[ \t]-[A-Za-z]*v")
TRACE = re.compile(rb"\bxtrace\b|\bset\b[^\n;&|]{0,256}[ \t]-[A-Za-z]*x")
RESTRICTED = re.compile(rb"\bset\b[^\n;&|]{0,256}[ \t]-[A-Za-z]*(?:r|o[ \t]+restricted\b)|\brestricted\b")
TRAPS = re.compile(rb"\btrap\b|\bTRAP")

# What asks for $_, chooses the keys of a line editor, or defines what may do that later.
LAST_WORD = re.compile(rb"\$(?:_(?![A-Za-z0-9_])|\{_[^A-Za-z0-9_])")
KEYS = re.compile(rb"\bset\b[^\n;&|]{0,256}[ \t][-+][A-Za-z]*o[ \t]+(?:vi|emacs|[$'\"\\])")
DEFINITION = re.compile(rb"\balias\b|\bfunction\b|\(\s*\)")

# What takes the end of the history, or shows it.
TAKES_LAST = re.compile(rb"\bfc\b")
SHOWS_HISTORY = re.compile(rb"\b(?:history|fc|r)\b")

# A whole line that is about the jobs that there are, and the beginning of one that is; one that goes on with the number
# of a job; what names the job before the current one; what puts one into the background; and where that is only text.
OF_JOBS = re.compile(rb"(?:fg|bg|jobs|disown|kill|wait)(?:[ \t]+[-+%?\w]+)*")
_NEXT = rb"[ \t]*(?:;|&&|\|\|)"
JOBS_FIRST = re.compile(rb"[ \t]*((?:%b%b[ \t]*)+)([^;&| \t].*)" % (OF_JOBS.pattern, _NEXT), re.DOTALL)
WANTS_JOB = re.compile(rb"^\s*(?:fg|bg|kill|wait|disown|jobs)\s(?:.*\s)?%\d*\Z", re.DOTALL)
PREVIOUS_JOB = re.compile(rb"\b(?:fg|bg|jobs|disown|kill|wait)\b[^\n;&|]{0,256}[ \t]%-(?=[\s;&|]|\Z)")
BACKGROUND = re.compile(rb"(?<![&|<>])&(?=[\s;)}]|\Z)|\bcoproc\b")
QUOTED = re.compile(rb"'[^']*'|\"(?:[^\"\\]|\\.)*\"|\\.", re.DOTALL)

# Commands of a plain sh that are whole without a doubt: names, words, redirections, and what stands between commands.
# A name is not one of these, which begin or end what goes on, or which make more of their words.
_WORD = rb"(?:[\w./+,:@%=^~*?\[\]\x80-\xff-]|\$\w+|'[^'\n]*'|\"(?:[^\"`\\$\n]|\$\w+)*\")+"
_ARGUMENT = rb"(?:\d?>&\d|(?:\d?(?:>>?|<)[ \t]*)?" + _WORD + rb")"
NAME = re.compile(rb"[\w./+-]+")
COMMAND = re.compile(rb"([\w./+-]+)(?:[ \t]+" + _ARGUMENT + rb")*(?=[ \t;|&]|\Z)")
COMMANDS = re.compile(rb"[ \t]*%b(?:[ \t]*(?:\|\|?|&&|;)[ \t]*%b)*[ \t]*" % ((COMMAND.pattern,) * 2))
PIPELINE = re.compile(rb"[ \t]*%b(?:[ \t]*\|[ \t]*%b)+[ \t]*" % ((COMMAND.pattern,) * 2))
RESERVED = frozenset(
    b"if then else elif fi case esac for while until do done time function select coproc "
    b"alias break continue declare export local readonly return typeset".split()
)
RESERVED_BY_ZSH = RESERVED.union(b"- coproc end exec float foreach integer nocorrect noglob repeat".split())


def quoted(text: bytes) -> bytes:
    """Give one word that stands for itself."""
    return b"'" + text.replace(b"'", b"'\\''") + b"'"


def commands_of(line: bytes) -> "list[bytes]":
    """Give the names of the commands of a line that is evidently whole; none of one that may not be."""
    if not COMMANDS.fullmatch(line):
        return []
    names = COMMAND.findall(line)
    return [] if RESERVED.intersection(names) else names


def is_pipeline(line: bytes) -> bool:
    """Tell whether a line is evidently one pipeline of zsh's, and does not ask what came of the line before."""
    if not PIPELINE.fullmatch(line) or b"status" in line or LAST_WORD.search(line):
        return False
    return not RESERVED_BY_ZSH.intersection(COMMAND.findall(line))


def is_closed(text: bytes) -> bool:
    """Tell whether a command may follow below a text without becoming a part of it, or being shown by it."""
    if OPEN_END.search(text) or VERBOSE.search(text):
        return False
    text = text.replace(b"<<<", b"")
    documents = HERE_DOCUMENT.findall(text)
    if len(documents) != text.count(b"<<"):
        return False
    lines = {line.strip(b"\t") for line in text.split(b"\n")}
    return all(name in lines for _, name in documents)


def count_jobs(line: bytes) -> int:
    """Count what a line puts into the background; 0 when it asks first for $!, which is to be that of before."""
    found = list(BACKGROUND.finditer(QUOTED.sub(_blotted, line)))
    asked = line.find(b"$!")
    return len(found) if found and (asked < 0 or found[0].start() < asked) else 0


def _blotted(found: "re.Match[bytes]") -> bytes:
    return b"x" * len(found[0])
