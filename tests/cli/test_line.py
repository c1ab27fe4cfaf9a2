"""The whole line as a person types it: connect, check, jobs, preview, export, bookings, against Pleo in a box."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import httpx2

from kontobro.core.level import scopes_of
from kontobro.install.authorisation import OTHER_SPELLING
from pleo_sandbox.server import DemoSandbox
from tests.cli.person import DEMO, Person


def brings_in_sync(person: Person) -> None:
    """The dimensions that Pleo has groups of, and yes to every plan."""
    assert person.types("dimensions").exit_code == 0
    assert person.types("sync", "apply", stdin="y\n" * 4, at_terminal=True).exit_code in (0, 8)


def few(sandbox: DemoSandbox, count: int = 12) -> list[str]:
    """The first expenses of the demo company, enough for a look at each verb."""
    company = next(iter(sandbox.exports.companies.values()))
    return [expense.id for expense in company.expenses[:count]]


def test_from_connect_to_bookings(person: Person) -> None:
    assert "Fjord & Bro" in person.connects().stdout
    assert person.types("check").exit_code == 3, "the settings are still to be made"
    assert person.types("settings", "import", str(DEMO / "settings.toml")).exit_code == 0
    brings_in_sync(person)
    check = person.reads("check")
    assert check["ok"], check

    job_id = person.sandbox.press_export(person.sandbox.company_id, few(person.sandbox))
    (job,) = person.reads("jobs")
    assert (job["id"], job["status"], job["items"]) == (job_id, "pending", 12)

    previews = person.reads("preview", job_id[:8])
    assert len(previews) == 12
    assert {line["account"][:4] for preview in previews for entry in preview["entries"] for line in entry["lines"]}
    assert person.reads("jobs")[0]["status"] == "pending", "a preview claims nothing"
    planned = {entry["reference"] for preview in previews if not preview["problems"] for entry in preview["entries"]}

    result = person.reads("export")
    assert result["job"] == job_id
    assert result["booked"] + result["failed"] == 12
    assert person.reads("jobs") == []

    bookings = person.reads("bookings", "--job", job_id[:8])
    booked = {row["reference"] for row in bookings if row["state"] == "reported"}
    assert planned <= booked, "what the preview showed is what was booked"
    assert all(isinstance(row["total"], str) for row in bookings)
    row = next(row for row in bookings if row["reference"] in planned)
    assert row["pleo_url"].startswith("https://")
    assert row["erp_id"]

    assert person.types("export").exit_code == 0
    assert person.types("settle").exit_code == 0
    assert person.types("disconnect", "--yes").exit_code == 0
    no_secret_in(person, [person.sandbox.api_key, person.sandbox.client_secret])


def test_what_a_person_reads_shows_debit_and_credit(person: Person) -> None:
    person.connects()
    person.types("settings", "import", str(DEMO / "settings.toml"))
    job_id = person.sandbox.press_export(person.sandbox.company_id, few(person.sandbox, 4))
    shown = person.types("preview", job_id).stdout
    assert re.search(r"account\s+debit\s+credit", shown)
    assert "nothing was started or booked" in shown
    assert not re.search(r"(?<!\S)-\d", shown), "a side, never a minus"
    assert "booked" in person.types("export").stdout
    listed = person.types("bookings").stdout
    assert "Pleo: https://" in listed


def test_the_same_expenses_again_are_found_and_not_doubled(person: Person) -> None:
    person.connects()
    person.types("settings", "import", str(DEMO / "settings.toml"))
    ids = few(person.sandbox, 5)
    person.sandbox.press_export(person.sandbox.company_id, ids)
    first = person.reads("export")
    person.sandbox.queue(person.sandbox.company_id, ids)
    person.sandbox.press_export(person.sandbox.company_id, ids)
    previewed = person.reads("preview", person.reads("jobs")[0]["id"])
    assert sum(1 for preview in previewed if preview["already"]) == first["booked"]
    again = person.reads("export")
    assert (again["booked"], again["already_booked"]) == (0, first["booked"])


def test_a_wrong_key_is_refused_with_a_remedy_and_stores_nothing(person: Person) -> None:
    place = ["--environment", "sandbox", "--url", person.url, "--ledger", str(person.folder / "books/ledger.beancount")]
    secret = "plp_wrong-key-of-somebody"
    result = person.types("connect", *place, "--api-key-stdin", stdin=f"{secret}\n")
    assert result.exit_code == 3, result.output
    assert "connect" in result.stderr
    assert "No connection yet" in person.types("jobs").stderr
    no_secret_in(person, [secret])


def no_secret_in(person: Person, secrets: list[str]) -> None:
    """Nothing shown, logged or written in plain text holds a secret."""
    kept = [path.read_bytes() for path in person.folder.rglob("*") if path.is_file()]
    for secret in secrets:
        assert all(secret not in text for text in person.shown)
        assert all(secret.encode() not in content for content in kept)


# ------------------------------------------------------------------------------------------------ OAuth


def logs_in(person: Person, decision: str, *words: str) -> tuple[int, str, str, str]:
    """`connect --oauth` in a process of its own: exit code, both outputs, the code that went by."""
    client = person.sandbox.client
    command = [sys.executable, "-m", "kontobro.cli", "--home", str(person.folder / "home"), "--verbose", "connect"]
    command += [
        "--environment",
        "sandbox",
        "--url",
        person.url,
        "--ledger",
        str(person.folder / "books/ledger.beancount"),
    ]
    command += ["--oauth", "--client-id", client.client_id, "--client-secret-stdin", "--no-browser", "--json", *words]
    source = str(Path(__file__).resolve().parents[2] / "src")
    with (
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": source},
        ) as process,
        ExitStack() as always,
    ):
        always.callback(process.kill)  # else a failure in here would wait for it without end
        assert process.stdin
        assert process.stderr
        process.stdin.write(f"{client.secret}\n")
        process.stdin.flush()
        code, before = None, ""
        while code is None:  # at most once more: Pleo refused the address itself
            for line in process.stderr:
                before += line
                if line.startswith("http"):
                    break
            person.shown.append(line.strip())
            code = consent(line.strip(), decision)
        out, err = process.communicate(timeout=30)
        err = before + err
        person.shown += [out, err]
        return process.returncode, out, err, code


def test_oauth_by_a_browser_on_loopback(person: Person) -> None:
    status, out, err, code = logs_in(person, "approve")
    assert status == 0, err
    connection = json.loads(out)
    assert (connection["auth"], connection["status"]) == ("oauth", "connected")
    assert (connection["level"], connection["installation"]) == (4, "PENDING_INTEGRATION")
    assert person.types("settings", "import", str(DEMO / "settings.toml")).exit_code == 0
    brings_in_sync(person)
    assert person.reads("check")["ok"]
    no_secret_in(person, [person.sandbox.client_secret, code])


def test_consent_is_asked_for_what_the_level_needs(person: Person) -> None:
    status, out, err, _ = logs_in(person, "approve", "--level", "2")
    assert status == 0, err
    (asked,) = [httpx2.URL(text).params["scope"] for text in person.shown if text.startswith("http")]
    assert set(asked.split()) == scopes_of(2) | {"companies:read"}
    told = json.loads(out)
    assert (told["level"], set(told["scopes"])) == (2, scopes_of(2) | {"companies:read"})


def test_pleo_is_asked_once_more_in_the_other_spelling_of_the_tag_scopes(person: Person) -> None:
    person.sandbox.set_rules({"tag_scope": "tag-group"})
    status, out, err, _ = logs_in(person, "approve", "--level", "2")
    assert status == 0, err
    assert err.count(OTHER_SPELLING) == 2, "without what is optional first, then in the other spelling"
    assert {"tag-group:read", "tag-group:write"} <= set(json.loads(out)["scopes"])


def test_oauth_that_a_person_refuses_stores_nothing(person: Person) -> None:
    status, _, err, _ = logs_in(person, "deny")
    assert status == 3
    assert "the user refused" in err
    assert "No connection yet" in person.types("jobs").stderr


def consent(address: str, decision: str = "approve") -> str | None:
    """What the person does in the browser: decide, and be sent back. The code that went by; None where Pleo sent the
    browser back at once."""
    with httpx2.Client(follow_redirects=False) as browser:
        answer = browser.get(address)
        if "location" in answer.headers:
            assert browser.get(answer.headers["location"].replace("localhost", "127.0.0.1")).status_code == 200
            return None
        page = answer.text
        ticket, company = re.search(r'name="ticket" value="(.+?)"', page), re.search(r'<option value="(.+?)"', page)
        assert ticket, page
        assert company, page
        form = {"ticket": ticket[1], "company_id": company[1], "decision": decision}
        back = browser.post(httpx2.URL(address).join("/oauth/authorize"), data=form).headers["location"]
        assert browser.get(back.replace("localhost", "127.0.0.1")).status_code == 200
    return str(httpx2.URL(back).params.get("code", ""))
