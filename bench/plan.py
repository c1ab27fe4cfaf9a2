"""CPU and memory of planning 100,000 vendors against 100,000 at Pleo, each case in a process of its own.

`in sync`: bound, one in a hundred renamed. `first contact`: nothing bound, all of Pleo's are adopted by their code.
CPU is counted as a multiple of sorting and hashing the same records, in the same process.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from bench.memory import high_water
from bench.result import Result
from kontobro.core.model.bindings import Binding
from kontobro.core.plan.compare import mark_of
from kontobro.core.plan.make import Comparison, Desired, Existing, make_plan

VENDORS = 100_000
CASES = ("in sync", "first contact")
LIMIT = 10.0


def measure() -> list[Result]:
    """The dearer case counts."""
    measured = {case: _in_a_process(case) for case in CASES}
    note = ", ".join(
        f"{case} {cpu:.2f} and {base:.2f} s, {peak:.0f} MB" for case, (cpu, base, peak) in measured.items()
    )
    ratio = max(cpu / base for cpu, base, _ in measured.values())
    peak = max(peak for *_, peak in measured.values())
    return [
        Result("plan_ratio", ratio, LIMIT, "times sorting and hashing them", f"{VENDORS:,} vendors; {note}"),
        Result("plan_memory", peak, 400, "MB", "peak of the whole process, both sides in it"),
    ]


def _in_a_process(case: str) -> tuple[float, float, float]:
    command = [sys.executable, "-m", "bench.plan", case]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    cpu, base, peak = map(float, answer.split())
    return cpu, base, peak


def _run(case: str) -> tuple[float, float, float]:
    """CPU seconds of one planning and of the reference, and the peak of this process' resident memory in MB."""
    desired = [_desired(number) for number in range(VENDORS)]
    existing = [_existing(number) for number in range(VENDORS)]
    bindings = [_binding(desired[number]) for number in range(VENDORS)] if case == "in sync" else []
    asked = Comparison(kind="vendors", desired=desired, existing=existing, bindings=bindings)
    base = min(_cpu(lambda: _sorted_and_hashed(desired, existing)) for _ in range(3))
    began = time.process_time()
    plan = make_plan(asked)
    spent = time.process_time() - began
    renamed = VENDORS // 100
    expected = {"update": renamed} if bindings else {"adopt": VENDORS, "update": VENDORS}
    assert plan.counts == expected, plan.counts
    return spent, base, high_water()


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _sorted_and_hashed(*sides: Sequence[Desired | Existing]) -> str:
    """The least that a comparison of two sets of records could do: order both, and read every field of each."""
    digest = hashlib.sha256()
    for side in sides:
        for record in sorted(side, key=lambda one: one.name):
            fields = "\x1f".join(f"{name}={value}" for name, value in record.fields)
            digest.update(hashlib.sha256(f"{record.code}\x1f{record.name}\x1f{fields}".encode()).digest())
    return digest.hexdigest()


def _desired(number: int) -> Desired:
    return Desired(f"erp-{number}", f"V{number:06}", f"Vendor number {number} A/S", None, _fields(number))


def _existing(number: int) -> Existing:
    name = f"Vendor number {number} A/S" if number % 100 else f"Before {number}"
    code, pleo_id = f"V{number:06}", f"{number:08}-0000-4000-8000-000000000000"
    external = f"erp-{number}" if "in sync" in sys.argv else None
    return Existing(pleo_id, code, name, False, external, None, _fields(number))


def _fields(number: int) -> tuple[tuple[str, str], ...]:
    numbers = (("registration_number", f"{number:08}"), ("tax_registration_number", f"DK{number:08}"))
    return (("country", "DK"), ("currency", "DKK"), *numbers)


def _binding(record: Desired) -> Binding:
    number = int(record.code[1:])
    pleo_id = f"{number:08}-0000-4000-8000-000000000000"
    return Binding("vendors", record.id, pleo_id, "created", record.code, mark_of(record))


if __name__ == "__main__":
    print(*_run(sys.argv[1]))
