"""An accounting system that somebody else wrote a connector for: it wants one secret."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kontobro.core.errors import LoginFailed
from kontobro.testing.connector.memory import MemoryConnector


def from_options(options: Mapping[str, str], secrets: Callable[[str], str | None]) -> MemoryConnector:
    if secrets("token") != "open sesame":
        raise LoginFailed("The token is refused.", "Give the right one.")
    return MemoryConnector()
