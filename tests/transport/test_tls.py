from __future__ import annotations

import datetime
import http.server
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rsh.errors import Code, DeadlineExpired, LinkError, Refused, TrustError
from rsh.transport import tls
from rsh.transport.stream import SocketStream
from tests.machines import SOON
from tests.transport.keys import Key, Server, connect, dial, serve


def read(stream: tls.TLSStream, size: int = 100) -> bytes:
    view = memoryview(bytearray(size))
    return bytes(view[: stream.readinto(view)])


def read_exactly(stream: tls.TLSStream, size: int) -> bytes:
    data = bytearray(size)
    done = 0
    while done < size:
        count = stream.readinto(memoryview(data)[done:])
        assert count
        done += count
    return bytes(data)


def test_bytes_pass_both_ways(host: Key, friend: Key) -> None:
    server, client = connect(host, friend)
    client.write(b"ping")
    assert read(server) == b"ping"
    server.write(b"pong")
    assert read(client) == b"pong"
    client.close()
    server.close()


def test_peer_certificate_is_the_others(host: Key, friend: Key) -> None:
    server, client = connect(host, friend)
    assert (server.peer_certificate(), client.peer_certificate()) == (friend.der, host.der)
    client.close()
    server.close()


def test_large_data_arrives_whole_into_small_views(host: Key, friend: Key) -> None:
    server, client = connect(host, friend)
    data = bytes(range(256)) * 8192
    writer = threading.Thread(target=client.write, args=(data,))
    writer.start()
    received = b"".join(read_exactly(server, 4096 + 1) for _ in range(len(data) // 4097))
    received += read_exactly(server, len(data) % 4097)
    writer.join()
    assert received == data
    client.close()
    server.close()


def test_second_key_of_two_can_log_in(host: Key, friend: Key, stranger: Key) -> None:
    for key in (friend, stranger):
        server = serve(host, [friend, stranger])
        client = dial(server, key, host)
        assert server.accepted().peer_certificate() == key.der
        client.close()
        server.accepted().close()


def test_client_with_unknown_key_learns_it_at_first_read(host: Key, friend: Key, stranger: Key) -> None:
    server = serve(host, [friend])
    client = dial(server, stranger, host)
    client.write(b"hello" * 1000)
    with pytest.raises(Refused, match="does not know this key") as refusal:
        read(client)
    assert refusal.value.code is Code.UNKNOWN_KEY
    assert client.peer_certificate() == host.der
    client.close()
    error = server.refused()
    assert isinstance(error, tls.WrongKey) and error.certificate == stranger.der


def test_many_unknown_clients_all_see_why(host: Key, friend: Key, stranger: Key) -> None:
    for _ in range(200):
        server = serve(host, [friend])
        client = dial(server, stranger, host)
        with pytest.raises(Refused):
            client.write(b"hello" * 1000)
            read(client)
        client.close()
        server.refused()


def test_client_without_certificate_is_refused(host: Key, friend: Key) -> None:
    server = serve(host, [friend])
    client = dial(server, None, host)
    with pytest.raises(Refused, match="does not know this key"):
        read(client)
    client.close()
    assert str(server.refused()) == "refused: it shows no certificate"


def test_nobody_gets_in_with_nobody_authorised(host: Key, friend: Key) -> None:
    server = serve(host, [])
    client = dial(server, friend, host)
    with pytest.raises(Refused):
        read(client)
    client.close()
    assert isinstance(server.refused(), TrustError)


def test_wrong_server_is_refused_before_our_certificate_is_sent(host: Key, friend: Key, stranger: Key) -> None:
    server = serve(stranger, [friend])
    with pytest.raises(tls.WrongKey, match="not the pinned one") as refusal:
        dial(server, friend, host)
    assert refusal.value.certificate == stranger.der
    error = server.refused()
    # It did not even get so far as to judge our certificate.
    assert str(error) == "left: it has another key pinned for this server"


def signed_by(folder: Path, name: str) -> tuple[Key, Key]:
    """Make a certificate authority, and a child it has signed."""
    authority_key, child_key = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    authority_name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"{name} authority")])
    child_name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"{name} child")])
    keys = []
    for key, subject, is_authority in ((authority_key, authority_name, True), (child_key, child_name, False)):
        made = (
            x509.CertificateBuilder(authority_name, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(datetime.datetime(2020, 1, 1))
            .not_valid_after(datetime.datetime(2090, 1, 1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .sign(authority_key, None)
        )
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        keys.append(Key(folder, subject.rfc4514_string(), secret + made.public_bytes(serialization.Encoding.PEM)))
    return keys[0], keys[1]


def test_child_of_an_authorised_authority_is_refused(host: Key, tmp_path: Path) -> None:
    authority, child = signed_by(tmp_path, "client")
    server = serve(host, [authority])
    client = dial(server, child, host)
    assert isinstance(server.refused(), tls.WrongKey)
    assert read(client) == b""
    client.close()


def test_server_that_is_a_child_of_the_pinned_authority_is_refused(friend: Key, tmp_path: Path) -> None:
    authority, child = signed_by(tmp_path, "server")
    server = serve(child, [friend])
    with pytest.raises(tls.WrongKey, match="though a trusted one signed it"):
        dial(server, friend, authority)
    assert "closed during the TLS handshake" in str(server.refused())


def test_certificate_whose_time_is_over_is_good(friend: Key, tmp_path: Path) -> None:
    secret = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "old")])
    made = x509.CertificateBuilder(name, name, secret.public_key(), 1)
    made = made.not_valid_before(datetime.datetime(1999, 1, 1)).not_valid_after(datetime.datetime(2000, 1, 1))
    pem = secret.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + made.sign(secret, None).public_bytes(serialization.Encoding.PEM)
    server, client = connect(Key(tmp_path, "old", pem), friend)
    client.close()
    server.close()


def test_tls_1_2_client_is_refused(host: Key, friend: Key) -> None:
    server = serve(host, [friend])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection(server.address) as sock, pytest.raises(ssl.SSLError, match=r"(?i)protocol.version"):
        context.wrap_socket(sock)
    assert "TLS 1.3" in str(server.refused())


def test_client_names_a_server_without_tls_1_3(host: Key, friend: Key) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(host.path)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    server = Server(context, frozenset())
    with pytest.raises(LinkError, match=r"speaks no TLS 1\.3"):
        dial(server, friend, host)
    server.refused()


def test_client_of_another_protocol_is_refused(host: Key, friend: Key) -> None:
    server = serve(host, [friend])
    context = tls.client_context(friend.path, [host.der])
    context.set_alpn_protocols(["h2"])
    with socket.create_connection(server.address) as sock, context.wrap_socket(sock):
        assert "not rsh" in str(server.refused())


def test_server_of_another_protocol_is_refused(host: Key, friend: Key) -> None:
    context = tls.server_context(host.path, [friend.der])
    context.set_alpn_protocols(["h2"])
    server = Server(context, frozenset([friend.der]))
    with pytest.raises(LinkError, match="speaks TLS, but not rsh"):
        dial(server, friend, host)
    server.refused()


class QuietHandler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def test_plain_http_server_is_named_as_such(host: Key, friend: Key) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), QuietHandler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        raw = SocketStream(socket.create_connection(("127.0.0.1", server.server_port)), "there")
        with pytest.raises(LinkError, match="does not speak rsh"):
            tls.TLSStream(raw, tls.client_context(friend.path, [host.der])).handshake([host.der])
        thread.join()


def answer_once(words: bytes) -> SocketStream:
    """Give a stream to somebody who says these words to whatever he hears."""
    ours, theirs = socket.socketpair()
    theirs.sendall(words)
    theirs.shutdown(socket.SHUT_WR)
    threading.Thread(target=drain, args=(theirs,)).start()
    return SocketStream(ours, "there")


def drain(sock: socket.socket) -> None:
    with sock:
        while sock.recv(65536):
            pass


@pytest.mark.parametrize("words", [b"SSH-2.0-OpenSSH_9.2\r\n", b"220 mail ready\r\n", b"\0" * 64, b"x"])
def test_server_that_speaks_something_else_is_a_link_error(friend: Key, words: bytes) -> None:
    stream = tls.TLSStream(answer_once(words), tls.client_context(friend.path, []))
    with pytest.raises(LinkError):
        stream.handshake()


def test_peer_that_has_gone_before_it_can_be_told_why_is_named_and_nothing_stays_open(friend: Key) -> None:
    ours, theirs = socket.socketpair()

    def answer_and_go() -> None:
        theirs.recv(65536)
        theirs.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
        theirs.close()

    peer = threading.Thread(target=answer_and_go)
    peer.start()
    raw = SocketStream(ours, "box:8000")
    with pytest.raises(LinkError, match="does not speak rsh"):
        tls.TLSStream(raw, tls.client_context(friend.path, [friend.der])).handshake()
    peer.join()
    assert raw.fileno() == -1


def test_busy_alert_is_a_refusal_for_lack_of_room(friend: Key) -> None:
    stream = tls.TLSStream(answer_once(tls.busy_alert()), tls.client_context(friend.path, []))
    with pytest.raises(Refused) as refusal:
        stream.handshake()
    assert refusal.value.code is Code.BUSY


def test_handshake_ends_at_its_deadline(friend: Key) -> None:
    ours, theirs = socket.socketpair()
    stream = tls.TLSStream(SocketStream(ours, "there"), tls.client_context(friend.path, []))
    stream.set_deadline(time.monotonic() + 0.05)
    with theirs, pytest.raises(DeadlineExpired):
        stream.handshake()


def test_handshake_deadline_is_absolute_for_a_dripping_peer(host: Key, friend: Key) -> None:
    ours, theirs = socket.socketpair()
    stream = tls.TLSStream(SocketStream(ours, "there"), tls.server_context(host.path, [friend.der]), server_side=True)
    stopped = threading.Event()
    dripper = threading.Thread(target=drip, args=(theirs, stopped))
    dripper.start()
    stream.set_deadline(time.monotonic() + 0.2)
    begin = time.monotonic()
    with pytest.raises(DeadlineExpired):
        stream.handshake()
    assert time.monotonic() - begin < SOON, "the peer drips for longer"
    stopped.set()
    dripper.join()


def drip(sock: socket.socket, stopped: threading.Event) -> None:
    """Send a record that never gets complete, byte by byte."""
    with sock:
        for byte in b"\x16\x03\x01\x40\x00" + bytes(10000):
            if stopped.wait(0.01):
                return
            try:
                sock.send(bytes([byte]))
            except OSError:
                return


def test_end_is_told_from_a_cut(host: Key, friend: Key) -> None:
    server, client = connect(host, friend)
    server.write(b"last words")
    server.close_slowly()
    assert read(client) == b"last words"
    assert read(client) == b""
    client.close()


def test_cut_is_an_error(host: Key, friend: Key) -> None:
    server, client = connect(host, friend)
    server._raw.close()
    with pytest.raises(LinkError):
        read(client)
    client.close()


def test_close_wakes_a_blocked_reader(host: Key, friend: Key) -> None:
    server, client = connect(host, friend)
    failures: list[LinkError] = []
    reader = threading.Thread(target=read_until_it_fails, args=(client, failures))
    reader.start()
    server.write(b"x")  # when the reader has that, it reads again
    client.close()
    reader.join(SOON)
    assert not reader.is_alive() and failures
    server.close()


def read_until_it_fails(stream: tls.TLSStream, failures: list[LinkError]) -> None:
    try:
        while read(stream):
            pass
    except LinkError as error:
        failures.append(error)


def test_close_wakes_a_blocked_writer(host: Key, friend: Key) -> None:
    server, client = connect(host, friend)
    failures: list[LinkError] = []
    writer = threading.Thread(target=write_until_it_fails, args=(client, failures))
    writer.start()
    read(server)
    client.close()
    writer.join(SOON)
    assert not writer.is_alive() and failures
    server.close()


def write_until_it_fails(stream: tls.TLSStream, failures: list[LinkError]) -> None:
    try:
        while True:
            stream.write(bytes(1 << 20))
    except LinkError as error:
        failures.append(error)


def test_both_ends_write_much_before_they_read(host: Key, friend: Key) -> None:
    server, client = connect(host, friend)
    data = bytes(range(256)) * 32768
    writers = [threading.Thread(target=stream.write, args=(data,)) for stream in (server, client)]
    for writer in writers:
        writer.start()
    assert read_exactly(server, len(data)) == data
    assert read_exactly(client, len(data)) == data
    for writer in writers:
        writer.join()
    client.close()
    server.close()


def test_writers_in_many_threads_keep_their_pieces_whole(host: Key, friend: Key) -> None:
    server, client = connect(host, friend)
    writers = [threading.Thread(target=client.write, args=(bytes([letter]) * 40000,)) for letter in b"abcdefgh"]
    for writer in writers:
        writer.start()
    received = read_exactly(server, 8 * 40000)
    assert {received[start : start + 40000] for start in range(0, len(received), 40000)} == {
        bytes([letter]) * 40000 for letter in b"abcdefgh"
    }
    for writer in writers:
        writer.join()
    client.close()
    server.close()


def test_probe_gives_the_servers_certificate_and_shows_none(host: Key, friend: Key) -> None:
    server = serve(host, [friend])
    raw = SocketStream(socket.create_connection(server.address), "server")
    assert tls.probe_certificate(raw, time.monotonic() + SOON) == host.der
    assert str(server.refused()) == "refused: it shows no certificate"
