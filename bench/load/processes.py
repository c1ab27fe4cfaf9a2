"""What a process and its children have used so far, as Linux counts it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def used(pid: int) -> float:
    """Seconds of CPU of this process alone."""
    row = _row(pid)
    return (int(row[11]) + int(row[12])) / TICKS


def used_by_tree(pid: int) -> float:
    """Seconds of CPU of a process and its children, those included that have ended: PostgreSQL is one a session."""
    row = _row(pid)
    own = sum(int(ticks) for ticks in row[11:15]) / TICKS
    for child in children(pid):
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended since: the parent has its share
            own += used(child)
    return own


def resident(pid: int) -> float:
    """MB of it that are in memory; what it shares with its children is divided among them."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("Pss:")).split()[1]) / 1024


def descriptors(pid: int) -> int:
    """How many files, sockets and pipes it has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def load() -> str:
    """What the machine does beside: a figure of a busy machine says so."""
    return f"load {os.getloadavg()[0]:.1f}"


def children(pid: int) -> list[int]:
    """The processes that it began and that live."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if int(_row(int(place.name))[1]) == pid:
                found.append(int(place.name))
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
    return found


def _row(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
