"""All seeds that were ever run, and kept by `--keep`: ranges by version, in `proof/tally.json`."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from proof.simulator.plan import FORM

TALLY: Final = Path(__file__).parent / "tally.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """One search. `form`: of the simulator's plans; the same seed makes another plan in another form. `failing`: the
    seeds that were not whole then."""

    on: str
    version: str
    form: int
    store: str
    erp: str
    start: int
    seeds: int
    crossings: int
    core_seconds: float
    minutes: float
    failing: tuple[int, ...]

    @property
    def seeds_a_core_second(self) -> float:
        return round(self.seeds / self.core_seconds, 1)

    @property
    def _range(self) -> tuple[object, ...]:
        return (self.version, self.form, self.store, self.erp, self.start, self.seeds)


def searched(**facts: Any) -> Searched:
    """A search of today, of this version."""
    return Searched(on=datetime.now(UTC).date().isoformat(), version=this_version(), form=FORM, **facts)


def this_version() -> str:
    """The package's version and, in a checkout, the commit; with a plus where files are changed."""
    try:
        commit = _git("rev-parse", "--short=8", "HEAD")
        changed = _git("status", "--porcelain", "--", "src", "proof/simulator")
    except (OSError, subprocess.CalledProcessError):
        return version("kontobro")
    return f"{version('kontobro')} at {commit}{'+' if changed else ''}"


def read(path: Path = TALLY) -> list[Searched]:
    if not path.exists():
        return []
    runs = json.loads(path.read_text(encoding="utf-8"))["runs"]
    return [Searched(**run | {"failing": tuple(run["failing"])}) for run in runs]


def add(run: Searched, path: Path = TALLY) -> list[Searched]:
    """Keep a search; the same range of the same version counts once. Answers all."""
    runs = [one for one in read(path) if one._range != run._range] + [run]
    lines = ",\n".join(f"  {json.dumps(asdict(one))}" for one in runs)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(f'{{"runs": [\n{lines}\n]}}\n', encoding="utf-8")
    beside.replace(path)
    return runs


def sums(runs: Sequence[Searched]) -> Mapping[str, int]:
    """How many seeds by what they were run over."""
    counts: Counter[str] = Counter()
    for run in runs:
        counts[f"{run.store}, {run.erp}"] += run.seeds
    return counts


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=TALLY.parent, capture_output=True, text=True, check=True)
    return done.stdout.strip()
