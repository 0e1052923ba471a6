"""What a holder was told about itself, and what it answers to who asks."""

import time

# What of a line is told to others.
SHOWN = 1024


class Identity:
    """What a holder is told about itself, and tells on.

    Attributes:
        identity: number of the shell.
        name: that the user gave it; "" for none.
        owner: comment of the key that had it started.
        key: its fingerprint.
        lives_on: seconds that it lives with nobody attached.
    """

    def __init__(self, identity: str, name: str, owner: str, key: str, lives_on: float) -> None:
        self.identity = identity
        self.name = name
        self.owner = owner
        self.key = key
        self.lives_on = lives_on
        self.since = time.time()

    def told(self, last_seen: float, running: bytes, attached: "list[str]", jobs: "tuple[int, int]") -> bytes:
        """Give the fields of an INFO.

        Args:
            last_seen: when somebody was here last.
            running: the line that runs, or the program.
            attached: who is here.
            jobs: how many there are, and how many of them are stopped.
        """
        fields = (
            self.identity,
            self.name,
            self.owner,
            str(int(self.since)),
            str(int(last_seen)),
            running[:SHOWN],
            "\n".join(attached),
            self.key,
            str(jobs[1]),
            str(jobs[0]),
        )
        words = [each if isinstance(each, bytes) else each.encode("utf-8", "surrogateescape") for each in fields]
        return b"".join(word.replace(b"\0", b"") + b"\0" for word in words)
