"""Nothing to deliver: sealed and listed is all, people download the document."""

from __future__ import annotations

from collections.abc import Sequence

from kontobro.core.ports.delivery import SealedFile


class Download:
    @property
    def readable(self) -> bool:
        return False

    def check(self) -> str:
        return "download"

    def deliver(self, files: Sequence[SealedFile]) -> None:
        """What was sealed is there to be downloaded."""

    def read(self, name: str) -> Sequence[bytes]:
        raise FileNotFoundError(f"{name}: documents of this connection are downloaded from Kontobro itself")

    def names(self) -> Sequence[str]:
        return ()

    def withdraw(self, name: str, sha256: str) -> bool:
        return False
