"""The clients of a holder, by their tokens: who is attached, and who was and may come back."""

from rsh.holder.client import Client

# Clients that are remembered, attached or not.
MAX_CLIENTS = 64


class Clients:
    """All clients that are remembered."""

    def __init__(self) -> None:
        self._known: dict[bytes, Client] = {}

    def __bool__(self) -> bool:
        """Tell whether there has been anybody."""
        return bool(self._known)

    def here(self) -> "list[Client]":
        """Give those that are attached."""
        return [client for client in self._known.values() if client.peer is not None]

    def may_be_back(self) -> "list[Client]":
        """Give those that went without a word, not long ago."""
        return [client for client in self._known.values() if client.may_be_back]

    def give_up(self) -> None:
        """Expect nobody back."""
        for client in self._known.values():
            if not client.attached:
                client.go(for_good=True)

    def has(self, client: Client) -> bool:
        """Tell whether a client has been here before."""
        return client in self._known.values()

    def add(self, token: bytes, client: Client) -> None:
        """Remember a client."""
        self._known[token] = client

    def known(self, token: bytes) -> "Client | None":
        """Give the client with a token, or a new one; None when there are too many."""
        if token in self._known:
            return self._known[token]
        for other, client in list(self._known.items()):
            if len(self._known) >= MAX_CLIENTS and not client.attached:
                del self._known[other]
        return Client() if len(self._known) < MAX_CLIENTS else None
