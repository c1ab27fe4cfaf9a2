"""CPU of the way from Pleo's pages to booked entries, as multiples of decoding the same pages with msgspec."""

from __future__ import annotations

import gc
import statistics
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
ROUNDS = 5
PASSES = 10
"""How often the pages are decoded before and after what is compared with it, which takes about as long as all of them.

The least of a few short measurements finds a quiet moment of the machine more easily than that of a long one, and a
multiple of it says how busy the machine was.
"""


class _TypedPage(msgspec.Struct):
    data: list[WireItem]


class _RawPage(msgspec.Struct):
    data: list[msgspec.Raw]


def measure() -> list[Result]:
    """Both multiples: the median of ROUNDS, in each of which decoding is measured before and after."""
    prepared = list(pages(ITEMS))
    masters = load_masters(books.in_memory(), books.in_memory().check())
    rules, engine, decoding = [], [], [_decoding(prepared)]
    for _ in range(ROUNDS):
        spent = _cpu(lambda: _wire_and_rules(prepared, masters))
        decoding.append(_decoding(prepared))
        rules.append(spent / statistics.mean(decoding[-2:]))
        spent = _engine()
        decoding.append(_decoding(prepared))
        engine.append(spent / statistics.mean(decoding[-2:]))
    each = f"{ITEMS:,} items, decoding {statistics.median(decoding):.3f} s"
    return [_result("cpu_wire_to_rules", rules, 10, each), _result("cpu_engine_with_store", engine, 45, "in memory")]


def _result(name: str, ratios: list[float], limit: float, how: str) -> Result:
    spread = f"{min(ratios):.1f} to {max(ratios):.1f}"
    return Result(name, statistics.median(ratios), limit, "times decoding", f"{how}, {spread}")


def _decoding(prepared: list[bytes]) -> float:
    """CPU seconds of decoding all pages once."""
    return _cpu(lambda: [_decode(prepared) for _ in range(PASSES)]) / PASSES


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
