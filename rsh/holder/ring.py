"""The last of a terminal's output, numbered from its first byte: who comes late, or comes back, says from where."""

# What is kept, in bytes; up to half as much again before it is cut, as each cut copies.
KEPT = 1024 * 1024


class Ring:
    """Bytes of output with absolute offsets.

    Attributes:
        start: offset of the first byte that is still there.
    """

    def __init__(self) -> None:
        self.start = 0
        self._bytes = bytearray()

    @property
    def end(self) -> int:
        """Offset behind the last byte: how much there was in all."""
        return self.start + len(self._bytes)

    def append(self, data: bytes) -> None:
        """Add output; what is older than KEPT bytes goes."""
        self._bytes += data
        if len(self._bytes) > KEPT * 3 // 2:
            cut = len(self._bytes) - KEPT
            del self._bytes[:cut]
            self.start += cut

    def view(self, offset: int, size: int) -> memoryview:
        """Give up to `size` bytes from an offset that is still there; to be released before more is appended."""
        at = offset - self.start
        with memoryview(self._bytes) as view:
            return view[at : at + size]
