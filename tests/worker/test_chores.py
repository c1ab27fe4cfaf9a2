"""What a worker does beside its work begins with the worker: what a dead one left is not kept waiting."""

from __future__ import annotations

import threading
from pathlib import Path

from kontobro.bootstrap import open_app
from kontobro.worker.chores import Chore, Chores


def test_the_first_turn_is_at_once(tmp_path: Path) -> None:
    """An hour's chore: it is done at the start, or this test ends in vain."""
    done = threading.Event()
    chores = Chores([Chore(3600, done.set)])
    app = open_app(tmp_path / "home")
    chores.start()
    try:
        assert done.wait(60)
    finally:
        chores.stop()
        app.close()
