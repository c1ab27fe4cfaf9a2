"""Time, so that a test can move it."""

from __future__ import annotations
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, Protocol, TypeVar
from kontobro.core.dialect import Dialect
from kontobro.core.errors import NotAllowed, Problem, shown
from kontobro.core.model.bindings import Binding, MasterKind
from kontobro.core.model.connection import Connection, Tokens
from kontobro.core.model.export import (
    ExportItem,
    ExportJob,
    Identity,
    Installation,
    ItemReport,
    JobItem,
    JobOutcome,
    MalformedItem,
    Receipt,
    ReportError,
)
from kontobro.core.model.history import BookingRow, ClaimState, JobRow, Move, Plan
from kontobro.core.model.journal import Booking, Entry, EntryKey, Reference
from kontobro.core.model.masterdata import Company, MasterRecord, Vendor
from kontobro.core.plan.make import Desired, Existing


class Clock(Protocol):
    """Time as the core sees it. `now` is aware UTC."""

    def now(self) -> datetime: ...

    def sleep(self, seconds: float) -> None: ...
