"""The kinds of fields that requests and records are made of, each with what may be in it."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from msgspec import Meta

# Beyond any file there is; what is announced as larger would keep the receiver busy for hours with nothing but zeros.
MAX_SIZE: Final = 2**50

# Longer than any path the kernel takes at once, for trees are walked step by step. Failures deeper down name the tail.
MAX_PATH: Final = 65536

# The longest name that the kernel takes (NAME_MAX).
MAX_NAME: Final = 255

Component: TypeAlias = Annotated[bytes, Meta(min_length=1, max_length=MAX_NAME)]
Path: TypeAlias = Annotated[bytes, Meta(max_length=MAX_PATH)]
ErrorName: TypeAlias = Annotated[str, Meta(pattern=r"^E[A-Z0-9]{1,31}\Z")]
Count: TypeAlias = Annotated[int, Meta(ge=0, lt=2**62)]
Permissions: TypeAlias = Annotated[int, Meta(ge=0, le=0o7777)]
Seconds: TypeAlias = Annotated[float, Meta(ge=0, le=1e12)]
Nanoseconds: TypeAlias = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]  # since 1970
FileDigest: TypeAlias = Annotated[bytes, Meta(min_length=16, max_length=16)]  # xxh3-128
Words: TypeAlias = Annotated[str, Meta(max_length=1024)]
