"""Where a connection's documents go: a small port beside `DocumentTarget`. No base class.

A delivery is idempotent where its place can be read back: the same file under the same name is delivered, another one
is a Conflict. A mail can't be looked up: a lost answer is Uncertain, and a person decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

ADDRESSES: Final = ("sftp", "webdav+https", "webdav+http", "s3", "mailto")
"""What an address of a delivery begins with. Every other text is a path of this machine."""


_NAME: Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9 ._()+,=@-]*[A-Za-z0-9_()+=@-])?", re.ASCII)
LONGEST_NAME: Final = 120


def is_file_name(name: str) -> bool:
    """Whether every place can hold a file of that name: not hidden, and in one folder at most."""
    parts = name.split("/")
    return len(parts) <= 2 and len(name) <= LONGEST_NAME and all(map(_NAME.fullmatch, parts))


def is_path(place: str) -> bool:
    """Whether documents go to a folder of this machine: then whoever guards paths guards this one too."""
    return bool(place) and place.partition(":")[0].lower() not in ADDRESSES


@dataclass(frozen=True, slots=True, kw_only=True)
class FileToDeliver:
    """One file of a sealed document. `name`: ASCII, at most one folder before it. `sha256` in hex, `size` in bytes;
    `content` gives the bytes again each time, in bounded pieces. `arriving` is called immediately before it gets its
    name, where it has none yet: what stops us from then on leaves open whether it did."""

    name: str
    sha256: str
    size: int
    content: Callable[[], Iterable[bytes]] = field(repr=False, compare=False)
    arriving: Callable[[], None] = field(default=lambda: None, repr=False, compare=False)


class Delivery(Protocol):
    """One connection's place for documents.

    Raises Unreachable, Timeout (try again), LoginFailed, NotAllowed, Misconfigured (a person fixes it), Conflict (a
    person decides); deliveries that can't be read back raise Uncertain when a document may have arrived.
    """

    @property
    def readable(self) -> bool:
        """Whether what was delivered can be read back. False: `names` is empty, and nothing can be withdrawn."""
        ...

    def check(self) -> str:
        """Reach it, log in, write and remove a file; the place in words for a person, without a secret. A mail server
        is reached only: nothing is sent."""
        ...

    def deliver(self, files: Sequence[FileToDeliver]) -> None:
        """A document's files, in this order: each whole or not at all under its name. What is there with the same
        digest is done. Raises Conflict for another digest: nothing is ever overwritten."""
        ...

    def read(self, name: str) -> Iterable[bytes]:
        """A delivered file, in pieces. Raises FileNotFoundError as it is gone through, when there is none."""
        ...

    def names(self) -> Iterable[str]:
        """The names of the files there, in no order, of at most one folder below the place: ours, and those of others
        that `read` takes too."""
        ...

    def withdraw(self, name: str, sha256: str) -> bool:
        """Remove a delivered file; False when it is gone or can't be taken back. Raises Conflict for another digest."""
        ...


class Mailer(Protocol):
    """How documents are mailed. The service has one; elsewhere there is none."""

    def check(self) -> None:
        """Reach the mail server, send nothing. Raises Unreachable, Misconfigured."""
        ...

    def send(self, to: Sequence[str], subject: str, text: str, attachment: tuple[str, bytes] | None) -> None:
        """One mail to all of `to`; the attachment has a name and its bytes. Raises Unreachable, Misconfigured when
        nothing was sent, Uncertain when it may have been."""
        ...

    def link(self, name: str) -> str:
        """The page where a signed-in person downloads the document of this file; empty without one."""
        ...
