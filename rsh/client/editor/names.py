"""The names that completion draws on: files and programs of this machine, and of the one over there.

What is over there is asked for by worker threads and remembered. Whoever completes waits a fraction of a second at
most; then he gets what was known before, or nothing and `late`.
"""

from __future__ import annotations

import os
import pwd
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

from rsh.client.editor.name import USER, Name
from rsh.errors import RshError
from rsh.escape import composed

# How long typing may wait for the network, in seconds (R18).
BUDGET: Final = 0.3

# The server gives no more candidates at once (rsh-protocol(7)): from here on they may be incomplete.
MANY: Final = 2000

# The kinds of questions that need no shell over there.
PATHS: Final = ("path", "directory")

Key: TypeAlias = tuple[str, bytes, bytes]  # kind, beginning of the word, directory
Ask: TypeAlias = Callable[[str, bytes, bytes], list[Name]]


# For so many seconds files are taken to be as they were, unless something of ours has run: others write as well.
FRESH: Final = 2.0


class _Answer:
    """What was heard of one question."""

    def __init__(self) -> None:
        self.since = 0.0  # when `names` came, as time.monotonic() counts
        self.names: list[Name] | None = None  # None: nothing yet
        self.era = -1  # when the question was asked that gave `names`
        self.asked = False  # the worker has it to do
        self.heard = threading.Event()  # the worker is done with it


_Lane: TypeAlias = "queue.SimpleQueue[tuple[Key, _Answer] | None]"


class Memory:
    """Questions to the other side, asked in threads of their own, and the answers to them.

    Attributes:
        told: is called when an answer has come, by that thread.
    """

    def __init__(self, ask: Ask, *, budget: float = BUDGET, fresh: float = FRESH) -> None:
        """Prepare.

        Args:
            ask: puts one question; called in the worker threads only; may raise RshError.
            budget: how long `get` waits, in seconds.
            fresh: for how long it takes paths to be as they were, in seconds.
        """
        self.told: Callable[[], None] = lambda: None
        self._ask = ask
        self._budget = budget
        self._fresh = fresh
        self._lock = threading.Lock()  # guards all below, and what is in an _Answer
        self._answers: dict[Key, _Answer] = {}
        self._era = 0  # answers of an earlier one are outdated
        self._lanes: dict[bool, _Lane] = {}  # for paths, and for what is asked of the shell, which may be slow

    def get(self, key: Key) -> list[Name] | None:
        """Give the answer to a question; an old one when no new one comes in time, None when there is none."""
        answer = self._ask_if_needed(key, fresh=key[0] in PATHS)
        answer.heard.wait(self._budget)
        return answer.names

    def get_new(self, key: Key) -> list[Name] | None:
        """Give the answer to a question that is asked now; None when it does not come in time."""
        self.forget()
        answer = self._ask_if_needed(key)
        answer.heard.wait(self._budget)
        with self._lock:
            return answer.names if answer.era == self._era else None

    def _ask_if_needed(self, key: Key, *, fresh: bool = False) -> _Answer:
        """Give an answer, and ask for it if there is none of this era; if it is to be `fresh`, or if it is old."""
        with self._lock:
            answer = self._answers.setdefault(key, _Answer())
            old = answer.era != self._era or (fresh and time.monotonic() - answer.since > self._fresh)
            if old and not answer.asked:
                answer.asked = True
                answer.heard.clear()
                self._lane(key[0] in PATHS).put((key, answer))
            return answer

    def _lane(self, paths: bool) -> _Lane:
        """Give where to put questions of one sort, and have a thread that takes them. _lock is held."""
        if paths not in self._lanes:
            lane = self._lanes[paths] = queue.SimpleQueue()
            # A daemon: a dead link must not keep the program alive.
            threading.Thread(target=self._work, args=(lane,), name="completion", daemon=True).start()
        return self._lanes[paths]

    def peek(self, key: Key) -> list[Name] | None:
        """Give what is known of a question without waiting; None when nobody has heard. It is asked if need be."""
        answer = self._ask_if_needed(key)
        with self._lock:
            return answer.names if answer.heard.is_set() else None

    def forget(self) -> None:
        """Take all answers for outdated: something has run over there."""
        with self._lock:
            self._era += 1
            if len(self._answers) > MANY:
                self._answers.clear()

    def close(self) -> None:
        """Let the workers end once they are done with what they have been asked."""
        with self._lock:
            for lane in self._lanes.values():
                lane.put(None)

    def _work(self, lane: _Lane) -> None:
        while True:
            question = lane.get()
            if question is None:
                return
            key, answer = question
            era = self._era
            names: list[Name] | None = None
            try:
                names = self._ask(*key)
            except RshError:
                pass  # The prompt itself will tell when the link is gone.
            with self._lock:
                if names is not None:
                    answer.names, answer.era, answer.since = names, era, time.monotonic()
                answer.asked = False
                answer.heard.set()
            if names is not None:
                self.told()


class ClientNames:
    """The names of both machines, for completion.

    Attributes:
        late: since this was last set to False, a question to the other side was not answered in time.
        line: what names were asked for last: the line up to the cursor.
        cut: since this was last set to False, an answer held as many names as one can: there may be more.
        background: gives the transfers in the background.
    """

    def __init__(self, memory: Memory, directory: Callable[[], bytes]) -> None:
        """Join what is known here with what is asked over there.

        Args:
            directory: gives the working directory over there.
        """
        self._memory = memory
        self._directory = directory
        self.late = self.cut = False
        self.line = ""
        self.background: Callable[[], list[Name]] = list

    def here(self, word: str) -> Iterable[Name]:
        """Give paths of this machine."""
        return list(_files(word))

    def programs_here(self, word: str) -> Iterable[Name]:
        """Give commands of this machine's PATH."""
        found = {name for folder in os.get_exec_path() for name in _programs(folder) if name.startswith(word)}
        return [Name(name) for name in sorted(found)] if word else []

    def there(self, word: str) -> Iterable[Name]:
        """Give paths over there: a folder is asked for whole, and searched here while the word grows."""
        asked = os.fsdecode(self._path_key(word)[1])
        return _with_parent(self._fitting("path", asked, word), word)

    def folders_there(self, word: str) -> Iterable[Name]:
        """Give directories over there; where there are more files than an answer holds, they are asked for alone."""
        asked = os.fsdecode(self._path_key(word)[1])
        kind = "path" if len(self._get("path", asked)) < MANY else "directory"
        return _with_parent([name for name in self._fitting(kind, asked, word) if name.directory], word)

    def programs_there(self, word: str) -> Iterable[Name]:
        """Give commands over there; for no letter at all, none."""
        return self._fitting("command", word[:1], word) if word else []

    def variables_there(self, word: str) -> Iterable[Name]:
        """Give variables of the shell over there."""
        return self._fitting("variable", word[:1], word)

    def value_there(self, name: str) -> str | None:
        """Give the value of a variable of the shell over there; None when it has none, or nobody has heard."""
        found = self._get("value", name)
        return found[0].text if found else None

    def transfers(self, word: str) -> Iterable[Name]:
        """Give the numbers of the transfers in the background."""
        return matching(self.background(), word)

    def shells_there(self, word: str) -> Iterable[Name]:
        """Give the living shells over there, by name or id."""
        return self._fitting("shell", "", word)

    def arguments_there(self, line: str) -> Iterable[Name] | None:
        """Give what the shell over there knows of a command's arguments; None when it has not answered in time.

        The paths that are wanted if it knows none are asked for beside it.
        """
        self._memory.peek(self._path_key(line.rpartition(" ")[2]))
        found = self._ask("argument", line)
        self.late = self.late or found is None
        self.cut = self.cut or len(found or ()) >= MANY
        return found

    def knows(self, command: str) -> bool | None:
        """Say whether the shell over there has a command; None while nobody has heard. Does not wait."""
        known = self._memory.peek(("command", os.fsencode(command[:1]), self._directory()))
        if known is None or len(known) >= MANY:
            return None
        return any(name.text == command for name in known)

    def is_zsh(self) -> bool:
        """Say whether the shell over there is a zsh, by a builtin that no other has. Waits for that for a moment."""
        return any(name.text == "zmodload" for name in self._ask("command", "zmodload") or ())

    def still_knows(self, command: str) -> bool | None:
        """Say whether the shell over there has a command now that a line has run; None when nobody has heard.

        It is asked, and waited for a moment: what was known before counts when no answer comes.
        """
        before = self.knows(command)
        known = self._memory.get_new(("command", os.fsencode(command), self._directory()))
        return before if known is None else any(name.text == command for name in known)

    def _fitting(self, kind: str, asked: str, word: str) -> list[Name]:
        known = self._get(kind, asked)
        if len(known) >= MANY and asked != word:
            known = self._get(kind, word)
        self.cut = self.cut or len(known) >= MANY
        return matching(known, word)

    def _path_key(self, word: str) -> Key:
        """Give the question whose answer holds the paths that begin with a word: all of a folder."""
        folder, slash, beginning = word.rpartition("/")
        asked = folder + slash + beginning[: beginning.startswith(".") or (beginning.startswith("~") and not slash)]
        return "path", os.fsencode(asked), self._directory()

    def _ask(self, kind: str, asked: str) -> list[Name] | None:
        return self._memory.get((kind, os.fsencode(asked), self._directory()))

    def _get(self, kind: str, asked: str) -> list[Name]:
        found = self._ask(kind, asked)
        self.late = self.late or found is None
        return found or []


def matching(names: list[Name], word: str) -> list[Name]:
    """Give the names that begin with a word; when none does and the word has no capitals, regardless of case.

    Letters and their accents are one, as they look, however a name or the keyboard has them.
    """
    seen = composed(word)
    exact = [name for name in names if name.text.startswith(word) or composed(name.text).startswith(seen)]
    if exact or seen != seen.lower():
        return exact
    return [name for name in names if composed(name.text).lower().startswith(seen)]


def _files(word: str) -> Iterator[Name]:
    """Give the files whose path begins with a word, hidden ones only after a dot."""
    folder, slash, beginning = word.rpartition("/")
    if word.startswith("~") and not slash:
        yield from _users(word)
    place = os.path.expanduser(folder + slash)
    try:
        with os.scandir(place or ".") as entries:
            found = sorted((entry for entry in entries), key=lambda entry: entry.name)
    except (OSError, ValueError):
        return
    names = [
        Name(folder + slash + entry.name, _is_directory(entry), link=entry.is_symlink())
        for entry in found
        if _shown(entry, beginning)
    ]
    yield from _with_parent(matching(names, word), word)


def _with_parent(found: list[Name], word: str) -> list[Name]:
    """Add `..`, which no directory is read to hold, where it was typed."""
    return [Name(word, True), *found] if word.rpartition("/")[2] == ".." else found


def _users(word: str) -> list[Name]:
    """Give the accounts of this machine, as what stands for their homes."""
    names = sorted({f"~{entry.pw_name}" for entry in pwd.getpwall()})
    return [Name(name, True, USER) for name in names if name.startswith(word)]


def _shown(entry: os.DirEntry[str], beginning: str) -> bool:
    return beginning.startswith(".") or not entry.name.startswith(".")


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _programs(folder: str) -> list[str]:
    try:
        with os.scandir(folder or ".") as entries:
            return [entry.name for entry in entries if os.access(entry.path, os.X_OK) and entry.is_file()]
    except OSError:
        return []
