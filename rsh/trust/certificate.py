"""Certificates: made once for each identity, told apart by their fingerprints, moved between PEM and DER."""

from __future__ import annotations

import binascii
from typing import Final

from rsh.errors import UsageError

_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"
_END: Final = b"-----END CERTIFICATE-----"
_ED25519: Final = b"\x06\x03\x2b\x65\x70"  # the object identifier, RFC 8410
_LINE: Final = 64  # characters in a line of PEM, RFC 7468


def make(common_name: str) -> bytes:
    """Make an Ed25519 key with a self-signed certificate for ever, as PEM, the key first.

    The subject gets random digits after the name: OpenSSL looks anchors up by subject, so of two with the same one the
    second could not log in. Dates mean nothing to us; trust ends when the key is removed.

    Args:
        common_name: whose it is, for people who look at the certificate; cut to what X.509 allows.
    """
    import datetime
    import os

    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    name = f"{common_name[:40] or 'rsh'} {os.urandom(8).hex()}"  # ub-common-name is 64, RFC 5280 appendix A
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime.datetime(1970, 1, 1))
        .not_valid_after(datetime.datetime(9999, 12, 31, 23, 59, 59))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, None)
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return secret + certificate.public_bytes(serialization.Encoding.PEM)


def fingerprint(der: bytes) -> str:
    """Give the name by which people compare certificates: "SHA256:" and unpadded base64, as ssh-keygen(1) writes it."""
    import hashlib

    return "SHA256:" + binascii.b2a_base64(hashlib.sha256(der).digest(), newline=False).decode().rstrip("=")


def kind(der: bytes) -> str:
    """Name the kind of its key, "" for one that rsh does not make itself."""
    return "ed25519" if _ED25519 in der else ""


def to_der(pem: bytes) -> bytes:
    """Give the first certificate of a PEM text as DER. It is ours: OpenSSL will look at it when it loads the file.

    Raises: UsageError when there is none.
    """
    _, begin, rest = pem.partition(_BEGIN)
    body, end, _ = rest.partition(_END)
    if not begin or not end:
        raise UsageError("there is no certificate in it")
    return _decode(b"".join(body.split()))


def to_pem(der: bytes) -> bytes:
    """Give a DER certificate as PEM."""
    text = binascii.b2a_base64(der, newline=False)
    lines = [text[start : start + _LINE] for start in range(0, len(text), _LINE)]
    return b"\n".join([_BEGIN, *lines, _END, b""])


def to_base64(der: bytes) -> str:
    """Give DER as it stands in our lines."""
    return binascii.b2a_base64(der, newline=False).decode("ascii")


def from_base64(text: str) -> bytes:
    """Read DER as it stands in our lines, and check that it is one X.509 certificate that OpenSSL can read.

    Raises: UsageError when it is not.
    """
    import ssl

    der = _decode(text.encode("ascii", "replace"))
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=der)
    except ssl.SSLError as error:
        raise UsageError("the certificate is damaged") from error
    return der


def _decode(text: bytes) -> bytes:
    try:
        der = binascii.a2b_base64(text, strict_mode=True)
        length = _encoded_length(der)
    except (ValueError, IndexError) as error:
        raise UsageError("the certificate is damaged") from error
    if len(der) != length:
        raise UsageError("the certificate is cut short, or something is behind it")
    return der


def _encoded_length(der: bytes) -> int:
    """Tell how long the first DER element is, X.690 section 8.1.3: two certificates in a row would load as well."""
    if der[1] < 0x80:
        return 2 + der[1]
    width = der[1] & 0x7F
    return 2 + width + int.from_bytes(der[2 : 2 + width], "big")
