"""The smallest connector of docs/connectors/writing-one.md is built from the page and held to the contract suite."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from kontobro.core.ports import Connector
from kontobro.testing.connector.books import Contract
from kontobro.testing.connector_contract import ConnectorContract
from scripts.connector_template import BLOCK, PAGE, ROOT, blocks, stale

ENTRIES = re.compile(r"^```toml\n# pyproject.toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the page's package and its test."""
    for path, body in blocks().items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(body, encoding="utf-8")
    return tmp_path


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    variables = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(folder)])}
    return subprocess.run(
        [sys.executable, *command], cwd=folder, capture_output=True, text=True, env=variables, timeout=300, check=False
    )


def test_what_a_failure_points_to_is_a_heading_of_the_page() -> None:
    headings = re.findall(r"^## (.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    anchors = {heading.lower().replace(",", "").replace(" ", "-") for heading in headings}
    pages = {part.page for part in ConnectorContract.__mro__ if issubclass(part, Contract)}
    assert len(pages) > 2
    assert pages <= anchors


def test_every_python_block_says_which_file_it_is() -> None:
    shown = PAGE.read_text(encoding="utf-8").count("```python")
    assert shown == len(BLOCK.findall(PAGE.read_text(encoding="utf-8")))
    files = {"__init__", "books", "connector", "network"}
    assert set(blocks()) == {*(f"our_erp/{name}.py" for name in files), "test_our_erp.py"}


def test_the_pages_connector_keeps_the_contract(folder: Path) -> None:
    alone = ("-p", "no:cacheprovider", "-k", "TestOurs")
    ran = run(folder, "-m", "pytest", "-q", "-rs", "-W", "error", *alone, "test_our_erp.py")
    assert ran.returncode == 0, ran.stdout[-5000:]
    assert int(re.findall(r"(\d+) passed", ran.stdout)[0]) > 35
    assert "no other process" not in ran.stdout, "the page's books can be tried by two processes"


@pytest.mark.kill
def test_the_pages_connector_books_once_wherever_an_export_is_killed(folder: Path) -> None:
    exports = ("-p", "no:cacheprovider", "-k", "TestExport")
    ran = run(folder, "-m", "pytest", "-q", "-W", "error", *exports, "test_our_erp.py")
    assert ran.returncode == 0, ran.stdout[-5000:]
    assert "4 passed" in ran.stdout


FORGETS = """
found = OurConnector.find
OurConnector.find = lambda self, keys: found(self, keys) if OWN else {}
OWN, made = [], OurConnector._create
OurConnector._create = lambda self, entries: OWN.append(entries) or made(self, entries)
"""
LOSES_RECEIPTS = """
OurConnector.attach = lambda self, booking, receipts: None
"""
LIES = """
booked_as = {}
made, found = OurConnector._create, OurConnector.find
def find(self, keys):
    answers = found(self, keys)
    return {key: told(one) for key, one in answers.items()}
def told(one):
    entry = booked_as.get(one.reference)
    return one if entry is None else replace(
        one,
        date=entry.date,
        line_sums=summed((line.account, line.amount) for line in entry.lines),
        dimension_sums=dimension_sums(entry),
        tax_code_sums=tax_code_sums(entry),
    )
def lying(self, entries):
    booked_as.update((entry.reference, entry) for entry in entries)
    return made(self, [changed(entry) for entry in entries])
def changed(entry):
    return replace(entry, lines=tuple(otherwise(line) for line in entry.lines))
from kontobro.core.model.journal import dimension_sums, tax_code_sums
OurConnector.find, OurConnector._create = find, lying
"""
"""A connector whose process tells what it was given, and books something else."""
WRONG_AMOUNT = f"""{LIES}
def otherwise(line):
    return replace(line, amount=line.amount * 2)
"""
DROPS_A_DIMENSION = f"""{LIES}
def otherwise(line):
    return replace(line, dimensions=line.dimensions[:1])
"""
DROPS_TAX_CODES = f"""{LIES}
def otherwise(line):
    return replace(line, tax_code=None)
"""
DROPS_VENDORS = f"""{LIES}
def otherwise(line):
    return replace(line, vendor=None)
"""
ANOTHER_DAY = f"""{LIES}
def changed(entry):
    return replace(entry, date=entry.date.replace(day=4))
"""
DOUBLES = """
made = OurConnector._create
def doubling(self, entries):
    made(self, [replace(entry, reference=Reference(entry.reference + "-2")) for entry in entries])
    return made(self, entries)
OurConnector._create = doubling
"""


@pytest.mark.kill
@pytest.mark.parametrize(
    ("bug", "said"),
    [
        (FORGETS, "exists and is not found"),
        (LOSES_RECEIPTS, "0 receipts, not its"),
        (WRONG_AMOUNT, "its amounts: "),
        (DROPS_A_DIMENSION, "its dimensions: "),
        (DROPS_TAX_CODES, "its tax codes: "),
        (DROPS_VENDORS, "its vendors: "),
        (ANOTHER_DAY, "its date: 2026-10-04, not 2026-10-03"),
        (DOUBLES, "10 documents were booked, not 5"),
    ],
)
def test_the_export_contract_catches_a_connector_that(folder: Path, bug: str, said: str) -> None:
    """Finds only what its own process booked, drops receipts, books something else than it says, or books twice."""
    connector = folder / "our_erp" / "connector.py"
    connector.write_text(connector.read_text(encoding="utf-8") + bug)
    once = ("-p", "no:cacheprovider", "-k", "TestExport and books_everything_once")
    ran = run(folder, "-m", "pytest", "-q", *once, "test_our_erp.py")
    assert (ran.returncode, said in ran.stdout) == (1, True), ran.stdout[-3000:]


def test_the_pages_contract_catches_a_connector_that_books_twice(folder: Path) -> None:
    books = folder / "our_erp" / "books.py"
    books.write_text(books.read_text(encoding="utf-8").replace("reference text primary key", "reference text"))
    connector = folder / "our_erp" / "connector.py"
    twice = connector.read_text(encoding="utf-8").replace(
        "for entry in entries:\n", "for entry in [*entries, *entries]:\n"
    )
    connector.write_text(twice)
    ran = run(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_our_erp.py", "-k", "twice_in_a_batch")
    assert ran.returncode == 1, ran.stdout[-3000:]
    assert "test_the_same_entry_twice_in_a_batch_is_one_booking" in ran.stdout


@pytest.mark.parametrize(
    ("old", "new", "test", "said"),
    [
        ("json.dumps(one.dimensions)", "'[]'", "keeps_its_own_dimensions", "Rule: every line keeps its own dimensions"),
        ("reference text primary key", "reference text", "both_found_nothing", "`enforced` is not true"),
        ("def attach(", "def attached(", "never_booked", "OurConnector is not a connector: it has no attach"),
        ("if not path.is_file():", "if path.is_file().real == 1 / 0:", "never_booked", "ZeroDivisionError"),
        ("def find(self, keys):", "def find(self, keys, more):", "never_booked", "OurConnector raised TypeError"),
    ],
    ids=["lossy", "lying", "no_method", "no_factory", "wrong_method"],
)
def test_a_failure_says_what_is_wrong_with_the_connector(
    folder: Path, old: str, new: str, test: str, said: str
) -> None:
    for path in (folder / "our_erp").glob("*.py"):
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    ran = run(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_our_erp.py", "-k", test)
    assert ran.returncode == 1, ran.stdout[-3000:]
    assert said in ran.stdout
    assert said == "ZeroDivisionError" or "docs/connectors/writing-one.md#" in ran.stdout


def test_the_pages_registration_is_found_and_opens_its_books(folder: Path) -> None:
    (entries,) = re.findall(
        r"^```toml\n# pyproject.toml\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    found = tomllib.loads(entries)["project"]["entry-points"]["kontobro.connectors"]
    ((name, value),) = found.items()
    metadata = folder / "our_erp-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: our-erp\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[kontobro.connectors]\n{name} = {value}\n")
    (folder / "books.sqlite3").touch()
    code = f"""
from kontobro.erp.registry import Registry
print(Registry().faults(), Registry().load({name!r}, {{"books": "books.sqlite3"}}).capabilities.reference)
"""
    ran = run(folder, "-c", code)
    assert (ran.stdout, ran.stderr) == ("[] enforced\n", "")


def test_the_page_names_every_method_and_no_other() -> None:
    named = set(re.findall(r'def (\w+)\(self.*\n        """\d\. ', PAGE.read_text(encoding="utf-8")))
    methods = {name for name in vars(Connector) if not name.startswith("_")} - {"capabilities"}
    assert named == methods


def test_the_template_has_the_pages_code() -> None:
    assert stale() == [], "run: make fix"


@pytest.mark.kill
def test_the_verb_proves_it_too(folder: Path) -> None:
    make = "from test_our_erp import *; import pathlib; path.__wrapped__(pathlib.Path('.'))"
    assert run(folder, "-c", make).returncode == 0
    connector = ("--erp", "our_erp.connector:from_options", "--erp-option", "books=books.sqlite3")
    kontobro = ("-c", "from kontobro.cli import main; main()", "--home", "home", "prove")
    ran = run(folder, *kontobro, *connector, "--books", "test_our_erp:books_of", "--only", "erp.book#1", "--json")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert json.loads(ran.stdout)["summary"] == {"processes_killed": 4, "whole": 4}
    lost = run(folder, *kontobro, *connector, "--books", "test_our_erp:no_such")
    assert (lost.returncode, "Give --books as package.module:function." in lost.stderr) == (3, True), lost.stderr
