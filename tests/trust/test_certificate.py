from __future__ import annotations

import hashlib
import ssl

import pytest
from cryptography import x509

from rsh.errors import UsageError
from rsh.trust import certificate


def test_certificate_is_no_authority_and_lasts() -> None:
    made = x509.load_pem_x509_certificate(certificate.make("ann@here"))
    constraints = made.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical and not constraints.value.ca
    assert (made.not_valid_before_utc.year, made.not_valid_after_utc.year) == (1970, 9999)


def test_two_of_one_name_have_different_subjects() -> None:
    first, second = (x509.load_pem_x509_certificate(certificate.make("ann@here")).subject for _ in range(2))
    assert first != second


@pytest.mark.parametrize("name", ["", "x" * 300, "Zoë@höst", "a=b,c+d\\"])
def test_any_name_makes_a_certificate(name: str) -> None:
    assert certificate.to_der(certificate.make(name))


def test_pem_and_der_are_those_of_the_standard_library(alice: bytes) -> None:
    assert certificate.to_pem(alice).decode() == ssl.DER_cert_to_PEM_cert(alice)
    assert certificate.to_der(certificate.to_pem(alice)) == alice


def test_fingerprint_is_that_of_the_der(alice: bytes) -> None:
    shown = certificate.fingerprint(alice)
    assert shown.startswith("SHA256:") and len(shown) == 7 + 43
    import base64

    assert base64.b64decode(shown[7:] + "=") == hashlib.sha256(alice).digest()


def test_base64_round_trips(alice: bytes) -> None:
    assert certificate.from_base64(certificate.to_base64(alice)) == alice


@pytest.mark.parametrize("text", ["", "x", "====", "AAAA", "MIIB", "MAA=", "MAMCAQE=", "é" * 8, "MIIB" * 400, "////"])
def test_what_is_no_certificate_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        certificate.from_base64(text)


def test_two_certificates_in_one_are_refused(alice: bytes, bob: bytes) -> None:
    with pytest.raises(UsageError, match="behind it"):
        certificate.from_base64(certificate.to_base64(alice + bob))


@pytest.mark.parametrize("cut", [1, 100, 200])
def test_certificate_cut_short_is_refused(alice: bytes, cut: int) -> None:
    with pytest.raises(UsageError):
        certificate.from_base64(certificate.to_base64(alice[:-cut]))


def test_pem_without_certificate_is_refused() -> None:
    with pytest.raises(UsageError, match="no certificate"):
        certificate.to_der(b"-----BEGIN CERTIFICATE-----\nAAAA\n")
