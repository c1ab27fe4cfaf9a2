"""Places that many share, so that one owner never holds all of them."""

from __future__ import annotations

import threading
from collections import Counter


class Shares:
    """Who holds how many places. Use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()

    def take(self, owner: str, each: int, most: int | None = None) -> bool:
        """Take a place unless the owner has `each` of them, or all together `most`; whether it was taken."""
        with self._lock:
            full = most is not None and self._taken.total() >= most
            if full or self._taken[owner] >= each:
                return False
            self._taken[owner] += 1
            return True

    def give_back(self, owner: str) -> None:
        with self._lock:
            self._taken[owner] -= 1
            self._taken += Counter()  # drops those at zero
