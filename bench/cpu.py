"""CPU of the way from Pleo's pages to booked entries, as multiples of decoding the same pages with msgspec."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from bench import books
from bench.pleo import MockPleo, pages
from bench.result import Result
from kontobro.core.model.masters import Masters
from kontobro.core.rules.post import post_item
from kontobro.export.job.masters import load_masters
from kontobro.pleo.export.wire import WireItem, read_item

ITEMS = 10_000
ROUNDS = 3


class _TypedPage(msgspec.Struct):
    data: list[WireItem]


class _RawPage(msgspec.Struct):
    data: list[msgspec.Raw]


def measure() -> list[Result]:
    """Both multiples; each side is the best of ROUNDS, taken in turns in one run."""
    prepared = list(pages(ITEMS))
    masters = load_masters(books.in_memory(), books.in_memory().check())
    decode, rules, engine = [], [], []
    for _ in range(ROUNDS):
        decode.append(_cpu(lambda: _decode(prepared)))
        rules.append(_cpu(lambda: _wire_and_rules(prepared, masters)))
        engine.append(_engine())
    base = min(decode)
    return [
        Result("cpu_wire_to_rules", min(rules) / base, 10, "times decoding", f"{ITEMS:,} items, decoding {base:.2f} s"),
        Result("cpu_engine_with_store", min(engine) / base, 45, "times decoding", f"{ITEMS:,} items, in memory"),
    ]


def _cpu(work: Callable[[], object]) -> float:
    gc.collect()
    began = time.process_time()
    work()
    return time.process_time() - began


def _decode(prepared: list[bytes]) -> None:
    decoder = msgspec.json.Decoder(_TypedPage)
    for content in prepared:
        decoder.decode(content)


def _wire_and_rules(prepared: list[bytes], masters: Masters) -> None:
    decoder = msgspec.json.Decoder(_RawPage)
    settings = books.connection().settings
    for content in prepared:
        for raw in decoder.decode(content).data:
            posted = post_item(read_item(raw), settings, masters, date(2026, 10, 31))
            assert posted.entries, posted.problems


def _engine() -> float:
    with TemporaryDirectory() as folder:
        return books.exported(Path(folder), MockPleo(ITEMS, prepared=True), books.in_memory())
