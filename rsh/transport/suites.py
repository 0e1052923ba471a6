"""Which cipher suite of TLS 1.3 a server prefers: AES-128-GCM, which is a third faster than AES-256-GCM.

The server chooses, so the client needs none of this. The ssl module has no way to say it before Python 3.15; until
then SSL_CTX_set_ciphersuites(3) is called on the context's own SSL_CTX, in the very library that _ssl was linked with.
Where anything is not as expected, and where the machine's openssl.cnf has an order of its own, nothing is changed.
"""

from __future__ import annotations

import ssl
import sys
from typing import Any, Final

BUILT_IN: Final = [
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_AES_128_GCM_SHA256",
]  # OpenSSL's order
PREFERRED: Final = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"]


def prefer_fast(context: ssl.SSLContext) -> None:
    """Have a server's context choose the fastest suite first, unless the machine has its own order."""
    if suites(context) != BUILT_IN:
        return
    wanted = ":".join(PREFERRED)
    setter: Any = getattr(context, "set_ciphersuites", None)
    if setter is not None:
        setter(wanted)
    elif sys.implementation.name == "cpython" and sys.version_info < (3, 15):
        _set(context, wanted.encode())


def suites(context: ssl.SSLContext) -> list[str]:
    """Give the names of a context's TLS 1.3 suites, the first choice first."""
    return [cipher["name"] for cipher in context.get_ciphers() if cipher["name"].startswith("TLS_")]


def _set(context: ssl.SSLContext, wanted: bytes) -> None:
    import ctypes  # only here: a client does without

    library = ctypes.CDLL(getattr(sys.modules["_ssl"], "__file__", None))  # it finds what _ssl was linked with
    call = getattr(library, "SSL_CTX_set_ciphersuites", None)
    if call is None:
        return  # linked statically, with its names hidden
    # From Python 3.6 to 3.14 the SSL_CTX is the first thing in the object (Modules/_ssl.c, PySSLContext).
    pointer = ctypes.c_void_p.from_address(id(context) + object.__basicsize__)
    call.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    call(pointer, wanted)
