"""The file config.toml: aliases of hosts, tables `hosts.NAME` with an `address`, and what `prompt` sets."""

from __future__ import annotations

import os
from typing import Any, Final

from rsh import places
from rsh.errors import UsageError

# Seconds that a shared connection stays without a client.
MUX_PERSIST: Final = 600.0


def alias(name: str) -> str | None:
    """Give the address that the configuration has for a name, or None."""
    path = os.path.join(places.config_dir(), "config.toml")
    if not os.path.exists(path):
        return None
    hosts = load(path).get("hosts", {})
    entry = hosts.get(name) if isinstance(hosts, dict) else None
    if entry is None:
        return None
    address = entry.get("address") if isinstance(entry, dict) else None
    if not isinstance(address, str):
        raise UsageError(f"{path}: hosts.{name} has no address", advice='write: address = "host:port"')
    return address


def names() -> list[str]:
    """Give the aliases, for completion."""
    path = os.path.join(places.config_dir(), "config.toml")
    hosts = load(path).get("hosts", {}) if os.path.exists(path) else {}
    return sorted(hosts) if isinstance(hosts, dict) else []


def prompt_settings() -> dict[str, Any]:
    """Give what the table [prompt] sets for every prompt."""
    path = os.path.join(places.config_dir(), "config.toml")
    found = load(path).get("prompt", {}) if os.path.exists(path) else {}
    if not isinstance(found, dict):
        raise UsageError(f"{path}: prompt is no table")
    return found


def mux() -> str:
    """Give whether commands share a connection: "auto" or "never"."""
    value = _top().get("mux", "never")
    if value not in ("auto", "never"):
        raise UsageError(f"{_path()}: mux is 'auto' or 'never', not {value!r}")
    return str(value)


def mux_persist() -> float:
    """Give the seconds that a shared connection stays without a client."""
    value = _top().get("mux_persist", MUX_PERSIST)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
        raise UsageError(f"{_path()}: mux_persist is a number of seconds, not {value!r}")
    return float(value)


def _path() -> str:
    return os.path.join(places.config_dir(), "config.toml")


def _top() -> dict[str, Any]:
    path = _path()
    return load(path) if os.path.exists(path) else {}


def load(path: str) -> dict[str, Any]:
    """Read a configuration file.

    Raises:
        UsageError: it cannot be read or is not TOML; the message says where.
    """
    import tomllib

    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from error
