"""The smallest document target of docs/documents/writing-one.md is built from the page, held to the suite, and used."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from shutil import copytree

import pytest

from kontobro.cli.demo.documents import write_masters
from kontobro.core.ports import DocumentTarget
from pleo_sandbox.server import demo_sandbox, serve
from scripts.connector_template import BLOCK, ROOT, blocks
from tests.cli.person import DEMO, Person
from tests.support.outside import installed

PAGE = ROOT / "docs" / "documents" / "writing-one.md"
TEXT = PAGE.read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the page's package, as if pip had installed it, and its test."""
    (tmp_path / "package").mkdir()
    for path, body in blocks(PAGE).items():
        (tmp_path / "package" / path).parent.mkdir(exist_ok=True)
        (tmp_path / "package" / path).write_text(body, encoding="utf-8")
    (entry_points,) = re.findall(r"^```toml\n# pyproject.toml\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    ((name, value),) = tomllib.loads(entry_points)["project"]["entry-points"]["kontobro.connectors"].items()
    metadata = tmp_path / "package" / "our_files-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: our-files\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[kontobro.connectors]\n{name} = {value}\n")
    return tmp_path / "package"


def suite(folder: Path, test: str = "") -> subprocess.CompletedProcess[str]:
    """The page's own test, or one rule of it."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-rs",
        "-W",
        "error",
        "-p",
        "no:cacheprovider",
        "test_our_files.py",
    ]
    variables = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(folder)])}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=variables, timeout=300, check=False)


def test_every_python_block_says_which_file_it_is() -> None:
    assert TEXT.count("```python") == len(BLOCK.findall(TEXT))
    assert set(blocks(PAGE)) == {"our_files/__init__.py", "our_files/target.py", "test_our_files.py"}


def test_the_page_names_every_method_and_no_other() -> None:
    named = set(re.findall(r'def (\w+)\(self.*\n        """\d\. ', TEXT))
    assert named == {name for name in vars(DocumentTarget) if not name.startswith("_")} - {"capabilities", "max_rows"}


def test_the_pages_target_keeps_the_contract(folder: Path) -> None:
    ran = suite(folder)
    assert ran.returncode == 0, ran.stdout[-5000:]
    assert int(re.findall(r"(\d+) passed", ran.stdout)[0]) > 40, ran.stdout[-3000:]
    skips = {line.rpartition(": ")[2] for line in ran.stdout.splitlines() if line.startswith("SKIPPED")}
    assert skips == {"amount_invalid", "text_too_long"}, "only what the format refuses is skipped"


@pytest.mark.parametrize(
    ("old", "new", "test"),
    [
        ('f"{line.amount:f}"', 'f"{float(line.amount) * 1.1:.2f}"', "what_is_written_reads_back"),
        ("checks.check_accounts(entry, SYSTEM, self._accounts.get),", "", "an_account_that_does_not_exist_is_refused"),
        ('name = f"pleo-{head.number:05d}-{head.group}"', 'name = "pleo"', "files_have_names_of_their_own"),
        ("records(vouchers))", "records(list(vouchers)))", "its_rows_are_written_as_they_are_read"),
        (
            "yield record([HEAD])",
            "yield record([(*HEAD, __import__('time').time_ns())])",
            "the_same_bytes",
        ),
    ],
    ids=["another_amount", "accepts_all", "one_name", "all_in_memory", "a_clock"],
)
def test_the_suite_catches_a_target_that(folder: Path, old: str, new: str, test: str) -> None:
    path = folder / "our_files" / "target.py"
    code = path.read_text(encoding="utf-8")
    assert old in code
    path.write_text(code.replace(old, new), encoding="utf-8")
    ran = suite(folder, test)
    failed = [line for line in ran.stdout.splitlines() if line.startswith("FAILED")] or re.findall(
        r"_ Test\S+ _", ran.stdout
    )
    assert ran.returncode == 1, ran.stdout[-3000:]
    assert any(test in line for line in failed), failed


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    """Someone at a terminal, with Pleo in a box and the master data of its demo company in a file."""
    copytree(DEMO, tmp_path / "books")
    sandbox = demo_sandbox()
    with serve(sandbox) as url:
        yield Person(tmp_path, sandbox, url)


def test_an_outside_target_is_listed_and_its_options_are_asked_for(person: Person, folder: Path) -> None:
    with installed(folder):
        assert "our-files" in person.types("connect", "--erp", "nonsense").output
        missing = person.types("connect", "--erp", "our-files")
    assert missing.exit_code == 3
    assert "(`masters`) is missing." in missing.output
    assert "our-files" not in person.types("connect", "--erp", "nonsense").output


def test_an_outside_target_is_exported_with(person: Person, folder: Path) -> None:
    masters, place = person.folder / "masters.toml", person.folder / "out"
    write_masters(person.books, masters)
    place.mkdir()
    options = ["--erp-option", f"masters={masters}", "--deliver-to", str(place)]
    where = ["--environment", "sandbox", "--url", person.url, "--erp", "our-files"]
    with installed(folder):
        connected = person.types("connect", *where, *options, "--api-key-stdin", stdin=f"{person.sandbox.api_key}\n")
        assert connected.exit_code == 0, connected.output
        person.types("settings", "suggest", "--yes")
        person.sandbox.press_export(person.sandbox.company_id)
        exported = person.types("export").output
        documents = person.reads("documents")
        sealed = person.reads("documents", "show", "1")
    files = sorted(place.rglob("*.csv"))
    texts = [file.read_text(encoding="utf-8") for file in files]
    rows = [row for text in texts for row in csv.DictReader(text.splitlines(), delimiter=";")]
    assert "In documents 1 to 3, delivered. Once it is imported: kontobro documents imported 1." in exported
    assert len(rows) > 100
    assert [document["state"] for document in documents] == ["delivered"] * len(files)
    assert sum(document["vouchers"] for document in documents) == len({row["reference"] for row in rows})
    assert {row["voucher"] for row in rows} == {
        f"P{number}" for number in range(1, len({row["voucher"] for row in rows}) + 1)
    }
    assert {voucher["reference"] for voucher in sealed["vouchers"]} <= {row["reference"] for row in rows}
    assert sum(Decimal(row["amount"]) for row in rows) == 0
