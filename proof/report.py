"""`proof/report.html`: what was tried, what was found, and how to try it again. Figures are kept beside it as JSON."""

from __future__ import annotations

import json
import platform
import sqlite3
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

HERE = Path(__file__).parent
FIGURES = HERE / "figures.json"
PAGE = HERE / "report.html"


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
    """The page, from the figures that are kept."""
    pages = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    figures = {"search": None, "searches": [], "planted": None, "baselines": None, "versions": {}} | read()
    PAGE.write_text(pages.get_template("report.jinja.html").render(figures), encoding="utf-8")
    return PAGE
