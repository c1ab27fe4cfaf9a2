"""A run's answers as a fixture: what Pleo-in-a-box replays and the contract checks compare. Shapes, as in a report.

{"format": 1, "environment": "staging", "version": "…", "at": "…", "exchanges": [
  {"call": "GET /v3/export-jobs", "status": 200, "media_type": "application/json", "entries": 3,
   "seen": {"data[].status": ["\"pending\""], …}}]}
"""

from __future__ import annotations

from typing import Any

from kontobro.pleo.probe.asker import Evidence
from kontobro.pleo.probe.run import Report

FORMAT = 1


def recording(report: Report) -> dict[str, Any]:
    """Each call with each status once: what several answers showed is together."""
    together: dict[tuple[str, int], list[Evidence]] = {}
    for result in report.results:
        for one in result.evidence:
            together.setdefault((one.call, one.status), []).append(one)
    return {
        "format": FORMAT,
        "environment": report.environment,
        "version": report.version,
        "at": report.at.isoformat(timespec="seconds"),
        "exchanges": [_exchange(call, status, shown) for (call, status), shown in sorted(together.items())],
    }


def _exchange(call: str, status: int, shown: list[Evidence]) -> dict[str, Any]:
    seen: dict[str, set[str]] = {}
    for one in shown:
        for path, kinds in one.seen.items():
            seen.setdefault(path, set()).update(kinds)
    return {
        "call": call,
        "status": status,
        "media_type": shown[0].headers.get("content-type", "").split(";")[0].strip(),
        "entries": max((one.entries or 0 for one in shown), default=0),
        "seen": {path: sorted(seen[path]) for path in sorted(seen)},
    }
