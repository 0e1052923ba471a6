"""The two identities of an account: id.pem, by which it dials, and host.pem, by which its daemon is known."""

from __future__ import annotations

import os
from typing import Literal

import msgspec

from rsh import places
from rsh.errors import UsageError
from rsh.trust import certificate

Role = Literal["id", "host"]


class Identity(msgspec.Struct, frozen=True):
    """A key with its certificate.

    Attributes:
        path: the PEM file with both, for ssl.
        der: the certificate.
        fingerprint: of the certificate, "SHA256:...".
    """

    path: str
    der: bytes
    fingerprint: str


def identity(role: Role) -> Identity:
    """Give an identity of this account, made now if it is the first time.

    Processes that need it at the same moment agree on one.

    Raises: UsageError when the file is loose, damaged or cannot be made.
    """
    path = identity_path(role)
    if not os.path.exists(path):
        places.ensure_dir(os.path.dirname(path))
        places.create_private(path, certificate.make(_name(role)))
    return _load(path)


def existing_identity(role: Role) -> Identity | None:
    """Give an identity of this account if it was made already; makes none.

    Raises: UsageError when the file is loose or damaged.
    """
    path = identity_path(role)
    return _load(path) if os.path.exists(path) else None


def identity_path(role: Role) -> str:
    """Tell where an identity is kept."""
    return os.path.join(places.config_dir(), f"{role}.pem")


def account_name() -> str:
    """Name this account for people, as in key comments: user@host."""
    import pwd

    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        user = str(os.geteuid())
    return f"{user}@{os.uname().nodename}"


def _name(role: Role) -> str:
    return account_name() if role == "id" else os.uname().nodename


def _load(path: str) -> Identity:
    places.check_private(path)
    try:
        with open(path, "rb") as file:
            der = certificate.to_der(file.read())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except UsageError as error:
        raise UsageError(
            f"{path}: {error}", advice="remove it, and a new one is made; who knew it must be told"
        ) from error
    return Identity(path, der, certificate.fingerprint(der))
