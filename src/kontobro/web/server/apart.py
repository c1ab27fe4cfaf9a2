"""Something done in a process of its own, so that what it loads is not kept by a process that only watches others."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable
from typing import NoReturn, TypeVar

T = TypeVar("T")


def apart(act: Callable[[], T]) -> T:
    """What `act` gives or raises, from a child that has ended by then. Call it where there are no threads yet."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _answer(writing, act)
    os.close(writing)
    with os.fdopen(reading, "rb") as answered:
        content = answered.read()
    _, status = os.waitpid(child, 0)
    if not content:
        raise RuntimeError(f"the child ended without an answer: {os.waitstatus_to_exitcode(status)}")
    done, result = pickle.loads(content)  # noqa: S301 - from our own child
    if not done:
        raise result
    return result  # type: ignore[no-any-return]


def _answer(writing: int, act: Callable[[], object]) -> NoReturn:
    """Never returns: what is above it in the stack is the parent's."""
    try:
        try:
            answer = pickle.dumps((True, act()))
        except Exception as fault:  # noqa: BLE001 - the parent raises it
            answer = pickle.dumps((False, fault))
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(answer)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(0)
