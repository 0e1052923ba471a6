"""Who is authorised now, and the TLS context that knows them."""

from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Mapping
from typing import Final

from rsh.errors import Code, Refused
from rsh.server.account import Grant
from rsh.transport import tls
from rsh.trust.authorized import Authorized, AuthorizedKeys
from rsh.trust.certificate import fingerprint
from rsh.trust.identity import identity

log = logging.getLogger("rsh.server")

# What a client is told whose session ends because of its key.
REMOVED: Final = "this key is no longer authorised"
CHANGED: Final = "what this key may do has changed"


class Keys:
    """The host's identity and the authorised keys, read again when their files change."""

    def __init__(self) -> None:
        self.host = identity("host")
        self._files = AuthorizedKeys.of_account()
        self._lock = threading.Lock()  # guards what follows; held while a context is built, a millisecond
        self._known: Mapping[bytes, Authorized] = {}
        self._context: ssl.SSLContext | None = None
        self.refresh()

    def current(self) -> Mapping[bytes, Authorized]:
        """Give the authorised keys by the DER of their certificates."""
        with self._lock:
            return self._known

    def context(self) -> ssl.SSLContext:
        """Give the context for a handshake with any of them."""
        with self._lock:
            assert self._context is not None
            return self._context

    def refresh(self) -> bool:
        """Read the files again if they have changed; whether they had."""
        with self._lock:
            known = self._files.current()
            if self._context is not None and known is self._known:
                return False
            for message in self._files.messages:
                log.warning("! %s", message)
            context = tls.server_context(self.host.path, list(known))
            self._known, self._context = known, context
            return True

    def objection(self, before: Authorized, host: str) -> Refused | None:
        """Say why a session may not go on; None when it may.

        Args:
            before: the line of its key when it began.
            host: where its client is.
        """
        entry = self.current().get(before.der)
        if entry is None:
            return Refused(Code.UNKNOWN_KEY, REMOVED)
        if entry == before and entry.expires is None:
            return None
        try:
            entry.check(host)
        except Refused as refused:
            return refused
        # As when it was begun in another daemon: the client comes back to what it may do now.
        return None if entry.allows_as(before) else Refused(Code.NO_SESSION, CHANGED)

    def entry(self, key: bytes, host: str) -> Authorized:
        """Give the line of a key that has just proved itself.

        Args:
            key: its certificate.
            host: where it comes from.

        Raises:
            Refused: not any more, or not from there.
        """
        entry = self.current().get(key)
        if entry is None:
            raise Refused(Code.UNKNOWN_KEY, "this key is not authorised")
        entry.check(host)
        return entry


def grant_of(entry: Authorized) -> Grant:
    """Give what a key may do by its line."""
    return Grant(
        label=entry.comment,
        read_only=entry.read_only,
        no_shell=entry.no_shell,
        path=entry.path,
        linger=entry.linger,
        key=fingerprint(entry.der),
    )
