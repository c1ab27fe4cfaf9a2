"""What would differ from run to run: random numbers, ids, threads within an exporter. All from the seed here."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Self
from unittest.mock import patch


class InTurn:
    """In place of a pool of threads: the same work, one after the other, when it is asked for."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def map(self, work: Callable[..., Any], *given: Iterable[Any]) -> Iterator[Any]:
        return map(work, *given)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """The same seed, the same ids and pauses, until the block ends. Not for two worlds at once."""
    draw = random.Random(f"ids {seed}")
    state = random.getstate()
    random.seed(seed)

    def uuid4() -> uuid.UUID:
        return uuid.UUID(int=draw.getrandbits(128), version=4)

    try:
        with (
            patch("uuid.uuid4", uuid4),
            patch("kontobro.export.receipts.fetch.ThreadPoolExecutor", InTurn),
        ):
            yield
    finally:
        random.setstate(state)
