"""Where gunicorn's processes keep their figures, to be summed. Set before `metrics` is imported: hence its own file."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

FOLDER = "PROMETHEUS_MULTIPROC_DIR"


@contextmanager
def metrics_folder() -> Iterator[str]:
    """A fresh folder for this run, told by the environment to all that gunicorn starts; removed at the end."""
    before, folder = os.environ.get(FOLDER), tempfile.mkdtemp(prefix="kontobro-metrics-")
    os.environ[FOLDER] = folder
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if before is None:
            del os.environ[FOLDER]
        else:
            os.environ[FOLDER] = before


def forget_process(process_id: int) -> None:
    """For gunicorn's `child_exit`: a process that has ended stands for nothing any more."""
    if os.environ.get(FOLDER):
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(process_id)  # type: ignore[no-untyped-call]
