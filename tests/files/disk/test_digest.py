"""The digest of blocks: the same however the content comes in."""

from __future__ import annotations

import random

import pytest
from xxhash import xxh3_128_digest

from rsh.files.disk.digest import BLOCK, BlockDigest


def plainly(content: bytes) -> bytes:
    blocks = [content[start : start + BLOCK] for start in range(0, len(content), BLOCK)]
    return xxh3_128_digest(b"".join(map(xxh3_128_digest, blocks)))


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 3 * BLOCK + 77])
@pytest.mark.parametrize("piece", [1000, 258_048, BLOCK, 5 * BLOCK])
def test_digest_is_that_of_the_blocks_digests_whatever_the_pieces(size: int, piece: int) -> None:
    content = random.Random(size).randbytes(size)
    digest = BlockDigest()
    for start in range(0, size, piece):
        digest.update(memoryview(content)[start : start + piece])
    assert digest.digest() == plainly(content)


@pytest.mark.parametrize("before", [0, 1, BLOCK - 1, BLOCK])
@pytest.mark.parametrize("zeros", [0, 1, BLOCK - 1, BLOCK, 5 * BLOCK + 3])
def test_zeros_count_as_zero_bytes(before: int, zeros: int) -> None:
    digest = BlockDigest()
    digest.update(b"x" * before)
    digest.zeros(zeros)
    digest.update(b"end")
    assert digest.digest() == plainly(b"x" * before + bytes(zeros) + b"end")


def test_blocks_known_by_their_digests_count_as_blocks() -> None:
    content = random.Random(1).randbytes(2 * BLOCK)
    digest = BlockDigest()
    digest.update(content)
    digest.blocks(xxh3_128_digest(content[:BLOCK]) * 2)
    digest.update(b"end")
    assert digest.digest() == plainly(content + content[:BLOCK] * 2 + b"end")
