"""Master records of one kind, of all companies: kept in the order they came, found by id and by key, shown in pages."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from pleo_sandbox import paging
from pleo_sandbox.clock import Clock, stamp
from pleo_sandbox.errors import PleoError
from pleo_sandbox.model import Json

Keep = Callable[["Record"], bool]


@dataclass(slots=True, eq=False)
class Record:
    """A master record: its `facts` are the JSON that Pleo shows, without the id and moments that Pleo adds."""

    id: str
    company_id: str
    facts: Json
    created_at: datetime
    updated_at: datetime
    removed: bool = False

    @property
    def archived(self) -> bool:
        return bool(self.facts["archived"])

    def as_json(self) -> Json:
        return {
            "id": self.id,
            **self.facts,
            "createdAt": stamp(self.created_at),
            "updatedAt": stamp(self.updated_at),
        }


Keys = Callable[[Record], Iterable[Hashable]]


def no_keys(record: Record) -> tuple[Hashable, ...]:
    return ()


class Shelf:
    """Records of one kind. A removed one keeps its place in the lists, so that cursors, which are places, stay good.

    `kind` names it in errors (`VENDOR` → VENDOR_NOT_FOUND); `keys` are what a record can be found by, beside its id.
    """

    def __init__(self, clock: Clock, kind: str, keys: Keys = no_keys) -> None:
        self._clock = clock
        self._kind = kind
        self._keys = keys
        self._by_id: dict[str, Record] = {}
        self._holders: dict[Hashable, list[Record]] = {}
        self._all: list[Record] = []
        self._rows: dict[str, list[Record]] = defaultdict(list)
        self._removed: Counter[str] = Counter()

    def add(self, company_id: str, facts: Json, id_: str | None = None) -> Record:
        now = self._clock.now()
        record = Record(id_ or str(uuid.uuid4()), company_id, facts, now, now)
        self._by_id[record.id] = record
        self._all.append(record)
        self._rows[company_id].append(record)
        self._hold(record)
        return record

    def change(self, record: Record, facts: Json) -> Record:
        """Replace the record's facts."""
        self._let_go(record)
        record.facts, record.updated_at = facts, self._clock.now()
        self._hold(record)
        return record

    def remove(self, record: Record) -> None:
        self._let_go(record)
        del self._by_id[record.id]
        self._removed[record.company_id] += 1
        record.removed = True

    def _hold(self, record: Record) -> None:
        for key in self._keys(record):
            self._holders.setdefault(key, []).append(record)

    def _let_go(self, record: Record) -> None:
        for key in self._keys(record):
            self._holders[key].remove(record)

    def get(self, record_id: str) -> Record | None:
        return self._by_id.get(record_id)

    def find(self, record_id: str) -> Record:
        """Raises PleoError 404."""
        record = self._by_id.get(record_id)
        if record is None:
            raise PleoError(404, f"{self._kind}_NOT_FOUND", f"{record_id} does not exist")
        return record

    def holder(self, key: Hashable, but: Record | None = None) -> Record | None:
        """The record, other than `but`, that has this key."""
        return next((record for record in self._holders.get(key, ()) if record is not but), None)

    def of(self, company_id: str) -> Iterator[Record]:
        """The company's records, in the order they came."""
        return (record for record in self._rows[company_id] if not record.removed)

    def page(
        self,
        company_id: str,
        wanted: paging.Window,
        keep: Keep | None = None,
        render: Callable[[Record], Json] = Record.as_json,
    ) -> Json:
        """A page of one company's records. Without `keep` it costs what the page holds, however many there are."""
        if self._removed[company_id]:
            keep = _existing(keep)
        return paging.page(self._rows[company_id], wanted, render, keep=keep)

    def page_of_all(self, wanted: paging.Window, keep: Keep) -> Json:
        """A page of all companies' records."""
        return paging.page(self._all, wanted, Record.as_json, keep=_existing(keep))


def _existing(keep: Keep | None) -> Keep:
    """Only what was not removed."""
    if keep is None:
        return lambda record: not record.removed
    return lambda record: not record.removed and keep(record)
