"""`proof/report.html`: what was tried, what was found, and how to try it again. Figures are kept beside it as JSON, and
searches in the tally.
"""

from __future__ import annotations

import json
import platform
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from proof import tally
from proof.simulator.plan import FORM

HERE = Path(__file__).parent
FIGURES = HERE / "figures.json"
PAGE = HERE / "report.html"

STORES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
BOOKS = {"memory": "in memory, strict or doubling", "beancount": "Beancount", "files": "documents in a folder"}


def keep(figures: dict[str, Any]) -> None:
    """Put today's figures in the place of those of their kind; searches are in the tally."""
    if not (new := {name: figure for name, figure in figures.items() if name != "search"}):
        return
    kept = read()
    for name, figure in new.items():
        kept[name] = figure | {"on": datetime.now(UTC).date().isoformat()}
    kept["versions"] = {
        "Kontobro": version("kontobro"),
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
    }
    FIGURES.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def read() -> dict[str, Any]:
    """What was measured so far."""
    if not FIGURES.exists():
        return {}
    figures: dict[str, Any] = json.loads(FIGURES.read_text(encoding="utf-8"))
    return figures


def write() -> Path:
    """The page, from the figures that are kept and the tally."""
    pages = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    runs = tally.read()
    figures = {"planted": None, "baselines": None, "real": None, "versions": {}} | read()
    whole = {
        "runs": runs,
        "sums": _sums(runs),
        "total": sum(run.seeds for run in runs),
        "newest": sum(run.seeds for run in runs if run.form == FORM),
        "failing": sum(len(run.failing) for run in runs),
    }
    PAGE.write_text(pages.get_template("report.jinja.html").render(figures | whole), encoding="utf-8")
    return PAGE


def _sums(runs: Sequence[tally.Searched]) -> list[dict[str, Any]]:
    """By what they were run over, the most first."""
    kinds: dict[tuple[str, str], list[tally.Searched]] = {}
    for run in runs:
        kinds.setdefault((run.store, run.erp), []).append(run)
    sums = [
        {
            "store": STORES[store],
            "erp": BOOKS[erp],
            "seeds": sum(run.seeds for run in some),
            "crossings": sum(run.crossings for run in some),
            "speed": round(sum(run.seeds for run in some) / sum(run.core_seconds for run in some), 1),
            "failing": sum(len(run.failing) for run in some),
        }
        for (store, erp), some in kinds.items()
    ]
    return sorted(sums, key=lambda one: -one["seeds"])
