"""`rsh key` and `rsh trust`: who this account is, and which servers it trusts. By hand; nothing is ever asked."""

from __future__ import annotations

from collections.abc import Iterator

from rsh.client.cli.context import Context
from rsh.client.cli.options import Options
from rsh.client.cli.output import print_lines
from rsh.errors import TrustError, UsageError
from rsh.escape import printable


def run_key(context: Context, options: Options) -> int:
    """Print this account's key, made now if it is the first time."""
    from rsh.trust.authorized import KIND
    from rsh.trust.certificate import to_base64
    from rsh.trust.identity import account_name, identity

    own = identity("id")
    line = f"{KIND} {to_base64(own.der)} {account_name()}"
    if options.json:
        from rsh.client.cli.json_output import print_object

        print_object({"line": line, "fingerprint": own.fingerprint, "file": own.path})
    else:
        print_lines([own.fingerprint if options.fingerprint else line])
    return 0


def run_trust(context: Context, options: Options) -> int:
    """Pin the server of a URL, forget one, or list those that are pinned."""
    if options.forget:
        return _forget(options)
    if options.url is None:
        return _list(options)
    return _pin(context, options)


def _pin(context: Context, options: Options) -> int:
    """Ask the server for its certificate, and pin it if it is the one that the URL means."""
    from rsh.client.dialling.dial import CONNECT_TIMEOUT, resolve
    from rsh.client.dialling.trusting import look
    from rsh.session.deadline import Deadline
    from rsh.trust import known_hosts
    from rsh.trust.certificate import fingerprint

    place, expected = known_hosts.parse_url(options.url)
    address = resolve(place)
    if address.kind != "tcp":
        raise UsageError(f"'{place}' needs no trust: over there the kernel vouches")
    certificate = look(address, Deadline(CONNECT_TIMEOUT))
    shown = fingerprint(certificate)
    if shown != expected:
        advice = "somebody may be in between, or the URL is another server's; nothing was pinned"
        raise TrustError(f"{address}: WRONG SERVER KEY: expected {expected}, got {shown}", advice=advice)
    try:
        new = known_hosts.pin(address, certificate, replace=options.replace)
    except TrustError as error:
        error.advice = error.advice or f"if the server has a new key: rsh trust --replace '{options.url}'"
        raise
    if not context.quiet:
        print_lines([f"{address} is trusted{'' if new else ' already'}: {shown}"])
    return 0


def _forget(options: Options) -> int:
    from rsh.client.dialling.dial import resolve
    from rsh.trust import known_hosts

    if options.url is None:
        raise UsageError("missing HOST to forget")
    place = options.url
    if place.startswith(known_hosts.SCHEME):
        place = known_hosts.parse_url(place)[0]
    address = resolve(place)
    if not known_hosts.forget(address):
        raise UsageError(f"{address} was not pinned")
    return 0


def _list(options: Options) -> int:
    for address, fingerprint, comment in _pinned():
        if options.json:
            from rsh.client.cli.json_output import print_object

            print_object({"address": address, "fingerprint": fingerprint, "comment": comment})
        else:
            print_lines([printable(f"{address} {fingerprint} {comment}".rstrip())])
    return 0


def _pinned() -> Iterator[tuple[str, str, str]]:
    """Give address, fingerprint and comment of every server that is pinned."""
    import os

    from rsh import places
    from rsh.trust import known_hosts
    from rsh.trust.certificate import fingerprint

    path = os.path.join(places.config_dir(), "known_hosts")
    if not os.path.exists(path):
        return
    with open(path, encoding="utf-8", errors="replace") as file:
        lines = [line.split(maxsplit=3) for line in file]
    for words in lines:
        if len(words) >= 3 and words[1] in map(fingerprint, known_hosts.pinned(words[0])):
            yield words[0], words[1], words[3].strip() if len(words) > 3 else ""
