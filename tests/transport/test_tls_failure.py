from __future__ import annotations

import ssl

import pytest

from rsh.errors import Code, LinkError, Refused, RshError, TrustError
from rsh.transport.tls_failure import Failures, WrongKey


def explained(reason: str, *, server_side: bool = False, established: bool = False) -> RshError:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server_side else ssl.PROTOCOL_TLS_CLIENT)
    tls.check_hostname = False
    connection = tls.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_side=server_side)
    error = ssl.SSLError(1, "what OpenSSL says")
    error.reason = reason
    return Failures("box:8000", connection, server_side=server_side).explain(error, established=established)


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("TLSV1_ALERT_PROTOCOL_VERSION", "box:8000: speaks no TLS 1.3"),
        ("WRONG_VERSION_NUMBER", "box:8000: whoever is there does not speak rsh"),
        ("TLSV1_ALERT_NO_APPLICATION_PROTOCOL", "box:8000: speaks TLS, but not rsh"),
        ("SOMETHING_NEW", "box:8000: TLS failed: something new"),
    ],
)
def test_what_is_over_there_is_said_of_the_peer(reason: str, text: str) -> None:
    error = explained(reason)
    assert isinstance(error, LinkError) and str(error) == text


def test_log_of_a_server_does_not_name_the_peer_twice() -> None:
    assert str(explained("WRONG_VERSION_NUMBER", server_side=True)) == "whoever is there does not speak rsh"


def test_client_whose_key_the_server_does_not_know_is_refused() -> None:
    error = explained("TLSV1_ALERT_UNKNOWN_CA", established=True)
    assert isinstance(error, Refused) and error.code is Code.UNKNOWN_KEY


def test_internal_error_means_a_busy_server_only_before_the_handshake_is_over() -> None:
    early = explained("TLSV1_ALERT_INTERNAL_ERROR")
    assert isinstance(early, Refused) and early.code is Code.BUSY
    assert isinstance(explained("TLSV1_ALERT_INTERNAL_ERROR", established=True), LinkError)


@pytest.mark.parametrize("server_side", [False, True])
def test_certificate_that_is_not_trusted_is_a_wrong_key(server_side: bool) -> None:
    error = explained("CERTIFICATE_VERIFY_FAILED", server_side=server_side)
    assert isinstance(error, WrongKey) and error.certificate == b""


def test_client_without_a_certificate_is_not_trusted() -> None:
    error = explained("PEER_DID_NOT_RETURN_A_CERTIFICATE", server_side=True)
    assert isinstance(error, TrustError) and not isinstance(error, WrongKey)


def test_client_that_has_another_key_pinned_has_left() -> None:
    assert isinstance(explained("TLSV1_ALERT_UNKNOWN_CA", server_side=True), LinkError)
