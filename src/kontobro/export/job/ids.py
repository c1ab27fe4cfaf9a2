"""The ids of a job's items in little memory: a job may have hundreds of thousands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from uuid import UUID

Packed = bytes | str
"""16 bytes for a UUID as Pleo writes them, anything else as it is."""

_DASHES = "----"


def packed(entry_id: str) -> Packed:
    """Half the memory of the text. Two ids are equal exactly when their packed forms are."""
    digits = entry_id.replace("-", "")
    if len(digits) != 32 or entry_id[8:24:5] != _DASHES or len(entry_id) != 36:
        return entry_id
    try:
        found = bytes.fromhex(digits)
    except ValueError:
        return entry_id
    return found if found.hex() == digits else entry_id  # capitals, blanks: not as it would be unpacked


def unpacked(kept: Packed) -> str:
    return kept if isinstance(kept, str) else str(UUID(bytes=kept))


class Ids:
    """A set of accounting entry ids."""

    def __init__(self, kept: Iterable[Packed] = ()) -> None:
        self._kept = set(kept)

    @classmethod
    def of(cls, entry_ids: Iterable[str]) -> Ids:
        return cls(map(packed, entry_ids))

    def take(self, entry_id: str) -> bool:
        """Take an id out. False when it was not in."""
        kept = packed(entry_id)
        there = kept in self._kept
        self._kept.discard(kept)
        return there

    def __contains__(self, entry_id: str) -> bool:
        return packed(entry_id) in self._kept

    def __iter__(self) -> Iterator[str]:
        return map(unpacked, self._kept)

    def __len__(self) -> int:
        return len(self._kept)
