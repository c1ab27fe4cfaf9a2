"""`kontobro probe`: what a person sees of it, what it sets, and that what was set is heeded."""

from __future__ import annotations

import json
import tomllib
from contextlib import closing
from pathlib import Path

import pytest

from kontobro.bootstrap import open_app
from kontobro.core.dialect import Dialect, with_answers
from kontobro.core.errors import Misconfigured
from kontobro.pleo.documented.switches import MOST_BYTES, keep_answers, read_answers, spoken
from tests.cli.person import DEMO, Person


def test_it_asks_says_what_to_set_and_sets_it(person: Person) -> None:
    assert person.connects().exit_code == 0
    person.sandbox.press_export(person.sandbox.company_id)
    person.sandbox.set_rules({"total_is_length": False})
    first = person.types("probe")
    assert first.exit_code == 3, first.output
    assert "To set: total_is_length = no" in first.output
    assert "Which event ends" in first.output  # the rest is on the lines below, as wide as the terminal is
    second = person.types("probe", "--set")
    assert (second.exit_code, "Set: total_is_length = no" in second.output) == (0, True)
    kept = tomllib.loads((person.folder / "home" / "pleo.toml").read_text())
    assert kept == {"sandbox": {"total_is_length": False}}
    third = person.reads("probe")
    assert (third["to_set"], third["set"]) == ({}, {})
    heeded = next(one for one in third["questions"] if one["name"] == "total_is_length")
    assert (heeded["state"], heeded["set_to"], heeded["sets"]) == ("answered", False, False)


def test_what_was_set_is_heeded_by_the_next_export(person: Person) -> None:
    """This Pleo takes ten items an update, and names the company and the job otherwise."""
    rules = {"update_batch": 10, "company_key": "companyId", "job_key": "exportJobId", "total_is_length": False}
    person.sandbox.set_rules(rules)
    assert person.connects().exit_code == 0
    assert person.types("settings", "import", str(DEMO / "settings.toml")).exit_code == 0
    job = person.sandbox.press_export(person.sandbox.company_id)
    assert person.types("probe", "--write", "--job", job, "--set").exit_code == 0
    person.sandbox.queue(person.sandbox.company_id)
    person.sandbox.press_export(person.sandbox.company_id)
    person.types("export")
    assert person.sandbox.jobs[-1].status in ("completed", "completed_with_errors")
    with closing(open_app(person.folder / "home")) as app:
        assert app.dialect_for("sandbox").update_batch == 10


def test_the_report_is_a_page_and_json(person: Person) -> None:
    person.connects()
    person.sandbox.press_export(person.sandbox.company_id)
    place = person.folder / "first day.md"
    result = person.types("probe", "--report", str(place))
    assert str(place) in result.output
    page, shape = place.read_text(), json.loads(place.with_suffix(".json").read_text())
    assert "## Answered" in page
    assert "## Unanswered" in page
    assert "Only GET was sent." in page
    assert person.sandbox.api_key not in page + json.dumps(shape)
    assert person.sandbox.company_id not in page + json.dumps(shape)
    person.types("probe")
    assert [each.suffix for each in sorted((person.folder / "home" / "probe").iterdir())] == [".json", ".md"]


def test_before_connecting_it_asks_with_a_key_and_keeps_nothing_of_it(person: Person) -> None:
    person.sandbox.set_rules({"missing_installation": 404, "job_key": "exportJobId"})
    place = ("--environment", "sandbox", "--url", person.url, "--api-key-stdin")
    job = person.sandbox.press_export(person.sandbox.company_id)
    first = person.types("probe", *place, "--write", "--job", job, "--set", stdin=f"{person.sandbox.api_key}\n")
    assert first.exit_code == 0, first.output
    assert "Set: job_key = exportJobId" in first.output
    (report,) = (person.folder / "home" / "probe").glob("*.json")
    answers = {one["name"]: one["answer"] for one in json.loads(report.read_text())["questions"]}
    assert (answers["missing_installation"], answers["job_key"]) == ("404", "exportJobId")
    with closing(open_app(person.folder / "home")) as app:
        assert app.store.connections() == []
    assert person.sandbox.installations.all() == []
    assert person.types("probe", *place, stdin="\n").exit_code == 3


def test_the_questions_are_listed_without_a_connection(person: Person) -> None:
    listed = person.reads("probe", "--list")
    assert {"name", "question", "source", "asked", "needs", "named", "switch", "answers"} == listed[0].keys()
    shown = person.types("probe", "--list")
    assert (shown.exit_code, "keep_alive_by_item" in shown.output) == (0, True)


def test_a_job_needs_write_and_a_connection_a_login(person: Person) -> None:
    person.connects()
    assert person.types("probe", "--job", "x").exit_code == 3
    assert person.types("probe", "--only", "nonsense").exit_code == 3
    person.types("disconnect", "--yes")
    assert person.types("probe").exit_code == 3


# ------------------------------------------------------------------------------------- what is kept


def test_answers_are_kept_by_environment_and_added_to(tmp_path: Path) -> None:
    file = tmp_path / "pleo.toml"
    assert spoken("staging", file) == Dialect()
    keep_answers(file, "staging", {"update_batch": 10, "job_key": "exportJobId"})
    keep_answers(file, "production", {"reason_on_errors": True})
    keep_answers(file, "staging", {"update_batch": 50})
    assert spoken("staging", file) == Dialect(update_batch=50, job_key="exportJobId")
    assert spoken("production", file) == Dialect(tag_scope="tag-group", reason_on_errors=True)
    assert spoken("sandbox", file) == Dialect()
    assert spoken("staging", None) == Dialect()
    assert set(read_answers(file)) == {"staging", "production"}


@pytest.mark.parametrize(
    "answers",
    [
        {"update_batch": "10"},
        {"update_batch": True},
        {"update_batch": 0},
        {"update_batch": 101},
        {"keep_alive_by_item": 1},
        {"job_key": "job"},
        {"nonsense": True},
    ],
)
def test_wrong_answers_are_refused_and_not_kept(tmp_path: Path, answers: dict[str, object]) -> None:
    with pytest.raises(Misconfigured):
        with_answers(Dialect(), answers)
    with pytest.raises(Misconfigured):
        keep_answers(tmp_path / "pleo.toml", "staging", answers)
    assert not (tmp_path / "pleo.toml").exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"staging = 3", r"can't be read: \[staging\] is no table\. Correct the file"),
        (b"[staging]\nupdate_batch", r"can't be read: Expected .*\. Correct the file"),
        (b"\xff", "can't be read: no UTF-8. Correct the file"),
        (b"#" * (MOST_BYTES + 1), "can't be read: more than 65536 bytes. Correct the file"),
        (
            b"[stagin]\nupdate_batch = 10",
            "stagin is not an environment of Pleo. Known: production, .* Correct that line",
        ),
        (b"update_batch = 10", "update_batch is not an environment of Pleo.* switches go below their environment"),
        (
            b"[staging]\nbatch = 10",
            r"\[staging\]: batch is not a known switch. Known: .*update_batch.* Correct that line",
        ),
        (b"[staging]\nupdate_batch = 0", r"\[staging\]: update_batch can't be 0. Known: 100, 10. Correct that line"),
        (None, "can't be opened: IsADirectoryError. Let Kontobro's user read the file"),
    ],
)
def test_a_file_that_is_none_is_refused_by_name(tmp_path: Path, content: bytes | None, told: str) -> None:
    file = tmp_path / "home" / "pleo.toml"
    file.parent.mkdir()
    file.mkdir() if content is None else file.write_bytes(content)
    with pytest.raises(Misconfigured, match=rf"home/pleo\.toml.*{told}"):
        spoken("staging", file)
