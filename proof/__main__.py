"""`make prove`: kills of real processes; with `--seeds N` a search in virtual time; `--planted`, whether it can fail.

`python -m proof --help` lists all that the search takes.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

OURS = ("--seeds", "--seed", "--planted", "--baselines", "--real", "--report", "--help", "-h")


def main(argv: Sequence[str]) -> int:
    if not any(one.partition("=")[0] in OURS for one in argv):
        from tests.export.prove import main as kill_proof

        return kill_proof(argv)
    if os.environ.get("PYTHONHASHSEED") != "0":  # sets come in the same order on every run of a seed
        os.execve(sys.executable, [sys.executable, "-m", "proof", *argv], os.environ | {"PYTHONHASHSEED": "0"})
    from proof.command import carry_out

    return carry_out(_read(argv))


def _read(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("make prove", description="Search for a seed under which something is lost.")
    parser.add_argument("--seeds", type=_count, metavar="N", help="try so many seeds, from a fresh start")
    parser.add_argument("--start", type=int, metavar="N", help="begin at this seed, to repeat a run")
    parser.add_argument("--seed", type=int, metavar="N", help="run this one, and tell its story")
    parser.add_argument("--planted", nargs="*", metavar="WORD", help="plant faults, those that hold a word, find them")
    parser.add_argument("--baselines", type=_count, metavar="N", help="the field's usual ways under so many seeds")
    parser.add_argument("--real", type=_count, metavar="N", help="run so many seeds with real processes too, compare")
    parser.add_argument("--within", type=_count, default=2000, metavar="N", help="seeds within which a fault is found")
    parser.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite", help="where our history is")
    parser.add_argument(
        "--erp",
        choices=("memory", "beancount", "files"),
        default="memory",
        help="where entries are booked; files: documents, delivered to a folder",
    )
    parser.add_argument("--workers", type=_count, metavar="N", help="processes at a time, one for each core else")
    parser.add_argument("--keep", action="store_true", help="add the figures to those in proof/")
    parser.add_argument("--report", action="store_true", help="write proof/report.html from all figures of today")
    parser.add_argument("--json", action="store_true", help="print figures as JSON")
    return parser.parse_args(argv)


def _count(text: str) -> int:
    number = int(text.replace(",", ""))
    if number < 1:
        raise argparse.ArgumentTypeError("one at least")
    return number


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
