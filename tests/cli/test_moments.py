"""What is said fits the moment: before an export, at a first connect, of drafts, of what was not found; hooks."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from kontobro.core.errors import Problem
from tests.cli.fakes import Bench
from tests.cli.person import DEMO, Person

AGAIN = re.compile(r"export (it|them|the expenses?) again", re.IGNORECASE)


@pytest.fixture
def waiting(person: Person) -> Person:
    """The demo company is connected and a job of all its expenses waits."""
    person.connects()
    person.types("settings", "import", str(DEMO / "settings.toml"))
    person.sandbox.press_export(person.sandbox.company_id)
    return person


@pytest.fixture
def own_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the path for a company's own functions."""
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [name for name, module in sys.modules.items() if str(tmp_path) in str(getattr(module, "__file__", ""))]:
        del sys.modules[name]


def job_of(person: Person) -> str:
    return str(person.reads("jobs")[0]["id"])


def test_a_preview_begins_with_the_causes_and_says_nothing_of_exporting_again(waiting: Person) -> None:
    shown = waiting.types("preview", job_of(waiting)).stdout
    assert shown.lstrip().startswith("By cause")
    previews = waiting.reads("preview", job_of(waiting))
    messages = {problem["message"] for preview in previews for problem in preview["problems"]}
    assert len(messages) > 3
    flat = " ".join(shown.split())
    assert all(" ".join(message.split()) in flat for message in messages)
    assert AGAIN.findall(shown) == []


@pytest.mark.parametrize(
    ("remedy", "fix"),
    [
        ("Check the tag, then export it again.", "Check the tag."),
        ("Upload the receipt again as PDF and export the expense again.", "Upload the receipt again as PDF."),
        ("Export it again; if that fails, ask Pleo.", "Export it again; if that fails, ask Pleo."),
        ("Correct it there, then export it again in Pleo.", "Correct it there."),
        ("Choose another account.", "Choose another account."),
    ],
)  # fmt: skip
def test_the_fix_is_the_remedy_without_the_next_export(remedy: str, fix: str) -> None:
    assert Problem("c", "f", "v", "m", remedy, "validation_failure").fix == fix


def test_a_hook_that_fails_shows_file_line_and_its_own_traceback(waiting: Person, own_module: Path) -> None:
    (own_module / "fjord_fails.py").write_text(
        "def look_up(item):\n    return {}['nothing']\n\n\ndef after(item, entries, settings, masters):\n"
        "    print('looking at', item.entry_id)\n    return look_up(item)\n",
        encoding="utf-8",
    )
    assert waiting.types("settings", "set", "hook", "fjord_fails:after").exit_code == 0
    job = job_of(waiting)
    shown = waiting.types("preview", job).stdout
    assert "in fjord_fails.py, line 7: KeyError ('nothing')" in " ".join(shown.split())
    assert 'fjord_fails.py", line 2, in look_up' in shown
    assert "hook.py" not in shown, "our own frames are no help to who wrote it"
    told = waiting.types("preview", job, "--json")
    previews = json.loads(told.stdout)
    assert any("look_up" in preview["hook_trace"] for preview in previews)
    assert "looking at" in told.stderr


def test_an_export_shows_the_traceback_with_debug_only(waiting: Person, own_module: Path) -> None:
    (own_module / "fjord_debug.py").write_text(
        "def after(item, entries, settings, masters):\n    return 1 / 0\n", encoding="utf-8"
    )
    waiting.types("settings", "set", "hook", "fjord_debug:after")
    told = waiting.types("export", "--json")  # a person runs with --debug
    assert 'fjord_debug.py", line 2, in after' in told.stderr
    json.loads(told.stdout)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("def after(item, entries):\n    return entries\n", "too many positional arguments"),
        ("def after(item, entries, settings, masters, more):\n    return ()\n", "missing a required argument: 'more'"),
        ("async def after(item, entries, settings, masters):\n    return entries\n", "asynchronous"),
        ("after = 3\n", "is not a function"),
    ],
)  # fmt: skip
def test_a_hook_of_a_wrong_shape_is_refused_when_it_is_set(
    waiting: Person, own_module: Path, written: str, said: str
) -> None:
    module = f"fjord_{abs(hash(written))}"
    (own_module / f"{module}.py").write_text(written, encoding="utf-8")
    result = waiting.types("settings", "set", "hook", f"{module}:after")
    assert result.exit_code == 3
    assert said in result.stderr
    assert "hook" not in waiting.reads("settings", "show")


def test_the_summary_says_that_drafts_wait_and_settle_says_why_nothing_is_matched(waiting: Person) -> None:
    waiting.types("settings", "set", "posting", "draft")
    shown = waiting.types("export").stdout
    drafts = sum(row["posting"] == "draft" for row in waiting.reads("bookings", "--limit", "1000"))
    assert drafts > 1
    assert f"{drafts} entries are drafts: post them in Beancount." in shown
    settled = waiting.reads("settle")
    assert settled["open"] > 0
    assert settled["without_bill"] + settled["drafts"] == settled["open"]
    told = waiting.types("settle").stdout
    assert f"still open: {settled['open']}" in told
    assert bool(re.search(r"waits? for a bill", told)) == bool(settled["without_bill"])
    assert ("is a draft" in told) == bool(settled["drafts"])


def test_erasing_a_person_that_is_not_there_is_said(waiting: Person) -> None:
    waiting.types("export")
    result = waiting.types("personal-data", "erase", "No One at All", "--yes")
    assert result.exit_code == 1
    assert 'No expense of "No One at All" is stored' in result.stderr
    assert waiting.reads("personal-data", "erase", "No One at All", "--yes") == {"expenses": 0, "bookings": 0}


def test_a_period_that_ends_before_it_begins_is_refused(bench: Bench) -> None:
    bench.connect()
    result = bench.run("tie-out", "--from", "2026-10-31", "--to", "2026-10-01")
    assert result.exit_code == 2
    assert "2026-10-31 is after --to 2026-10-01" in " ".join(result.stderr.replace("│", " ").split())


def test_an_example_of_the_docs_can_be_added_to_what_settings_export_writes(waiting: Person) -> None:
    file = waiting.folder / "settings.toml"
    assert waiting.types("settings", "export", str(file)).exit_code == 0
    docs = (Path(__file__).resolve().parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")
    example = re.search(r"^\[\[rows\]\].*?(?=^```)", docs, re.MULTILINE | re.DOTALL)
    assert example
    rows = example[0].replace("3790", waiting.reads("settings", "show")["contra"])
    file.write_text(file.read_text(encoding="utf-8") + "\n" + rows, encoding="utf-8")
    result = waiting.types("settings", "import", str(file))
    assert result.exit_code == 0, result.output
    assert [row["type"] for row in waiting.reads("settings", "show")["rows"]][-2:] == ["cashback", "chargeback"]
    again = waiting.folder / "again.toml"
    waiting.types("settings", "export", str(again))
    assert waiting.types("settings", "import", str(again)).exit_code == 0, "rows of its own too"


def test_connecting_names_the_step_that_is_missing_before_an_export(person: Person) -> None:
    shown = person.connects().stdout
    assert "settings set wallet CODE" in shown
    assert shown.index("wallet CODE") < shown.index("kontobro export")
    person.types("settings", "import", str(DEMO / "settings.toml"))
    assert "wallet CODE" not in person.connects().stdout
