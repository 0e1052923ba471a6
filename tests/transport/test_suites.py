"""The order of cipher suites: ours on the server, and only where nobody has chosen another."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
from pathlib import Path

from rsh.transport import suites
from rsh.transport.contexts import client_context
from tests.transport.keys import Key, serve

AES_256_FIRST = """\
openssl_conf = init
[init]
ssl_conf = modules
[modules]
system_default = ours
[ours]
Ciphersuites = TLS_AES_256_GCM_SHA384
"""


def test_server_prefers_the_fast_suite() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    assert suites.suites(context) == suites.BUILT_IN
    suites.prefer_fast(context)
    assert suites.suites(context) == suites.PREFERRED


def test_client_and_server_agree_on_it(host: Key, friend: Key) -> None:
    server = serve(host, [friend])
    context = client_context(friend.path, [host.der])
    with socket.create_connection(server.address) as sock, context.wrap_socket(sock) as client:
        chosen = client.cipher()
        assert chosen is not None
        assert chosen[0] == "TLS_AES_128_GCM_SHA256"
        server.accepted().close()


def test_client_without_it_is_served(host: Key, friend: Key, tmp_path: Path) -> None:
    """As one whose machine allows AES-256 only."""
    server = serve(host, [friend])
    (tmp_path / "openssl.cnf").write_text(AES_256_FIRST)
    (tmp_path / "host.pem").write_text(ssl.DER_cert_to_PEM_cert(host.der))
    code = (
        "import socket, ssl, sys\n"
        f"context = ssl.create_default_context(cafile={str(tmp_path / 'host.pem')!r})\n"
        "context.check_hostname = False\n"
        f"context.load_cert_chain({friend.path!r})\n"
        "context.set_alpn_protocols(['rsh/1'])\n"
        f"with socket.create_connection({server.address!r}) as sock, context.wrap_socket(sock) as client:\n"
        "    print(client.cipher()[0])"
    )
    variables = os.environ | {"OPENSSL_CONF": str(tmp_path / "openssl.cnf")}
    done = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True, check=True)
    assert done.stdout == "TLS_AES_256_GCM_SHA384\n"
    server.accepted().close()


def test_an_order_of_the_machine_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "openssl.cnf").write_text(AES_256_FIRST)
    code = (
        "import ssl\nfrom rsh.transport import suites\n"
        "context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n"
        "suites.prefer_fast(context)\n"
        "print(*suites.suites(context))"
    )
    variables = os.environ | {"OPENSSL_CONF": str(tmp_path / "openssl.cnf")}
    done = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True, check=True)
    assert done.stdout == "TLS_AES_256_GCM_SHA384\n"
