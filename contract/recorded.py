"""Recordings of a real Pleo (`kontobro probe --record`), held against Pleo's documents and the sandbox.

`recordings/*.json` are shapes: paths of fields and kinds of values. A difference is a line of text; those that are
known are in the file of the same name that ends in `.known`, one a line, with a reason after `#`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kontobro.pleo.documented.contract import contract_of
from kontobro.pleo.documented.shape import unknown_in, unseen_in

FOLDER = Path(__file__).with_name("recordings")
ABSENT = frozenset({"null", "empty list", "blank"})
"""Kinds that say nothing of what else a field may be."""

Recording = Mapping[str, Any]


def recordings() -> list[Path]:
    return sorted(FOLDER.glob("*.json"))


def read(path: Path) -> Recording:
    found: Recording = json.loads(path.read_text(encoding="utf-8"))
    return found


def known(path: Path) -> set[str]:
    """The differences that are accepted."""
    beside = path.with_suffix(".known")
    lines = beside.read_text(encoding="utf-8").splitlines() if beside.exists() else []
    return {line.partition("#")[0].strip() for line in lines} - {""}


def from_documents(recording: Recording) -> Iterator[str]:
    """What Pleo answered otherwise than it documents."""
    for one in recording["exchanges"]:
        contract = contract_of(one["call"])
        if contract is None:
            continue
        if not contract.expects(one["status"]):
            yield f"{one['call']}: the status {one['status']} is not documented"
        if 200 <= one["status"] < 300:
            shape = {path: frozenset(kinds) for path, kinds in one["seen"].items()}
            yield from (f"{one['call']}: {path} is not documented" for path in unknown_in(shape, contract))
            yield from (f"{one['call']}: {path} {word} is not documented" for path, word in unseen_in(shape, contract))


def from_sandbox(recording: Recording, sandbox: Recording) -> Iterator[str]:
    """What the recorded Pleo answers otherwise than the sandbox, asked the same: fields, kinds, statuses."""
    ours = {(one["call"], one["status"]): one for one in sandbox["exchanges"]}
    statuses = {call: {status for known_call, status in ours if known_call == call} for call, _ in ours}
    for one in recording["exchanges"]:
        call, same = one["call"], ours.get((one["call"], one["status"]))
        if same is None:
            if call in statuses:
                yield f"{call}: the sandbox never answers {one['status']} (but {sorted(statuses[call])})"
            continue
        yield from (f"{call}: {line}" for line in _shapes(one["seen"], same["seen"]))


def _shapes(theirs: Mapping[str, list[str]], ours: Mapping[str, list[str]]) -> Iterator[str]:
    for path in sorted(theirs.keys() | ours.keys()):
        parent = path.rpartition(".")[0]
        if parent and (parent not in theirs or parent not in ours):
            continue  # the parent differs: once is enough
        if path not in ours:
            yield f"the sandbox lacks {path}"
        elif path not in theirs:
            yield f"only the sandbox has {path}"
        elif _plain(theirs[path]) and _plain(ours[path]) and not _plain(theirs[path]) & _plain(ours[path]):
            yield f"{path} is {', '.join(theirs[path])}, in the sandbox {', '.join(ours[path])}"


def _plain(kinds: list[str]) -> set[str]:
    """Kinds as far as they have to agree: not which word, nor the sign of a number."""
    return {_group(kind) for kind in kinds if kind not in ABSENT}


def _group(kind: str) -> str:
    if kind.startswith('"'):
        return "word"
    if kind in ("true", "false"):
        return "yes or no"
    return kind.split()[-1] if kind.endswith(("number", "fraction")) else kind
