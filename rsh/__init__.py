"""rsh: a remote shell and file transfer that survive the network.

The public API is `rsh.connect("host")`; `rsh.errors` draws what it raises.
"""

from __future__ import annotations

__version__ = "0.1.0"

TYPE_CHECKING = False  # as in typing, whose import every program would wait for
if TYPE_CHECKING:
    from rsh.client.api.remote import Remote as Remote
    from rsh.client.api.remote import connect as connect

__all__ = ["Remote", "__version__", "connect"]


def __getattr__(name: str) -> object:
    """Load the API on first use: `rsh exec` and `rsh-server` import this package too and need none of it."""
    if name in ("connect", "Remote"):
        from rsh.client.api import remote

        return getattr(remote, name)
    raise AttributeError(f"module 'rsh' has no attribute {name!r}")
