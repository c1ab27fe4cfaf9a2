"""Where a connection's documents go: a folder, SFTP, WebDAV, S3, or a mail."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol


class Delivery(Protocol):
    """Raises Unreachable, Timeout, LoginFailed, NotAllowed, Misconfigured; Conflict where another file has the name;
    Uncertain where it may have been sent."""

    @property
    def readable(self) -> bool:
        """Whether what was delivered can be read back: then delivering again is harmless."""
        ...

    def check(self) -> str:
        """Reach it and see that it may be written to; the place as a person reads it, without secrets."""
        ...

    def deliver(self, name: str, content: Callable[[], Iterable[bytes]], sha256: str, size: int) -> None:
        """Write beside, then rename, read back and compare. Done already under this digest: nothing."""
        ...

    def read(self, name: str) -> Iterable[bytes]: ...

    def names(self) -> Iterable[str]:
        """The names of all files there."""
        ...

    def withdraw(self, name: str, sha256: str) -> bool:
        """Delete a file of that digest; False where it is gone, or can't be taken back."""
        ...
