"""What was news in Pleo's answers, counted by call, in a small file of the data folder that all processes share.

Each piece is in the log once: when it is first in the file. Where the file can't be written, the work goes on.
"""

from __future__ import annotations

import fcntl
import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

from kontobro.core.model.findings import sentences
from kontobro.core.ports import Clock
from kontobro.core.words import Noted, Phrase, phrase, worded
from kontobro.pleo.documented.drift import Kind, News, Seen, news_in
from kontobro.pleo.documented.meaning import meaning_of

MOST_KEPT: Final = 300
MOST_BYTES: Final = 256 * 1024
MOST_NAMED: Final = 5
"""Pieces of news that are named, the latest first."""
WEBHOOK: Final = "webhook"
"""What webhooks are counted under."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One piece of news. `count`: answers that had it; moments are aware UTC."""

    call: str
    kind: Kind
    what: str
    count: int
    first: str
    last: str


def told_news(seen: Sequence[Counted]) -> str:
    """All of it in one text that reads in every language; empty where Pleo is as its documents say."""
    news = sorted((one for one in seen if one.kind != "fact"), key=lambda one: one.last, reverse=True)
    if not news:
        return ""
    named = sentences(*(phrase("news_counted", news=_meaning(one), count=one.count) for one in news[:MOST_NAMED]))
    if len(news) > MOST_NAMED:
        return worded("found_answers_differ_more", named=named, more=len(news) - MOST_NAMED)
    return worded("found_answers_differ", named=named)


def _meaning(one: Counted) -> Phrase:
    return meaning_of(one.call, one.kind, one.what)


class Counts(Protocol):
    """Where calls and news are counted for metrics."""

    def left(self, call: str) -> None: ...

    def limited(self) -> None: ...

    def news(self, call: str, kind: Kind) -> None: ...


class NewsFile:
    """The file. Its lock is the file's own, and dies with its process."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> list[Counted]:
        """All that was seen, oldest first; nothing where there is no file, or none that can be read."""
        try:
            with self._path.open("r", encoding="utf-8") as file:
                fcntl.flock(file, fcntl.LOCK_SH)
                return list(_counted(_parsed(file.read(MOST_BYTES))))
        except OSError:
            return []

    def add(self, call: str, news: Iterable[News], at: datetime) -> list[News]:
        """Count these; gives those that were never seen before. Raises OSError."""
        with self._path.open("a+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            known = _parsed(file.read(MOST_BYTES))
            fresh = [one for one in news if _count(known, call, one, at.isoformat(timespec="seconds"))]
            file.seek(0)
            file.truncate()
            json.dump(known, file, indent=1)
        return fresh


def _count(known: dict[str, dict[str, Any]], call: str, one: News, at: str) -> bool:
    """Whether it is the first of its kind; beyond MOST_KEPT nothing new is taken."""
    key = f"{call} | {one.kind} | {one.what}"
    if key in known:
        known[key]["count"] += 1
        known[key]["last"] = at
        return False
    if len(known) >= MOST_KEPT:
        return False
    known[key] = {"call": call, "kind": one.kind, "what": one.what, "count": 1, "first": at, "last": at}
    return True


def _parsed(text: str) -> dict[str, dict[str, Any]]:
    """A file that was cut short in a crash begins again."""
    try:
        read = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return {key: facts for key, facts in read.items() if _is_whole(facts)} if isinstance(read, dict) else {}


def _is_whole(facts: Any) -> bool:
    texts = ("call", "kind", "what", "first", "last")
    return (
        isinstance(facts, dict)
        and isinstance(facts.get("count"), int)
        and all(isinstance(facts.get(name), str) for name in texts)
    )


def _counted(known: Mapping[str, Mapping[str, Any]]) -> Iterator[Counted]:
    for facts in known.values():
        yield Counted(**{name: facts[name] for name in Counted.__slots__})


class Watch:
    """Looks at each answer of Pleo's. It never raises: what it can't keep is left out."""

    def __init__(self, file: NewsFile | None, clock: Clock, counts: Counts | None = None) -> None:
        self._file, self._clock, self._counts = file, clock, counts
        self._complained = False

    def left(self, call: str) -> None:
        if self._counts:
            self._counts.left(call)

    def answered(self, seen: Seen) -> None:
        if self._counts and seen.status == 429:
            self._counts.limited()
        self.note(seen.call, news_in(seen))

    def note(self, call: str, news: list[News]) -> None:
        """Count what was seen, and put what is new into the log."""
        if not news:
            return
        for one in news:
            if self._counts and one.kind != "fact":
                self._counts.news(call, one.kind)
        for one in self._kept(call, news):
            if one.kind != "fact":
                log.warning("pleo differs from its documents: %s", Noted(meaning_of(call, one.kind, one.what)))

    def _kept(self, call: str, news: list[News]) -> list[News]:
        if self._file is None:
            return []
        try:
            return self._file.add(call, news, self._clock.now())
        except OSError as error:
            if not self._complained:
                log.warning("news of pleo's answers can't be kept: %s", type(error).__name__)
            self._complained = True
            return []
