"""Recordings: what a Pleo answered, held against its documents and the sandbox; and answered again by the sandbox."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx2
import pytest

from contract.recorded import from_documents, from_sandbox, known, read, recordings
from kontobro.pleo import Ways, open_pleo
from kontobro.pleo.documented.news import NewsFile, Watch
from kontobro.pleo.subscriptions import open_subscriptions
from tests.contract.recorded_sandbox import FIXTURE
from tests.contract.recorded_sandbox import recorded as recorded_now
from tests.pleo.probed import Probed, probed
from tests.support.pleo_company import COMPANY, KNOWN_ONLY_TO_PLEO, entry_id

ours = cache(recorded_now)


@pytest.mark.parametrize("path", recordings(), ids=lambda path: path.stem)
def test_a_recording_differs_in_nothing_that_is_not_known(path: Path) -> None:
    recording = read(path)
    found = {*from_documents(recording), *from_sandbox(recording, ours())}
    assert found == known(path), "note each in the .known file beside it, with a reason, or correct the sandbox"


def test_the_fixture_is_what_the_sandbox_answers_today() -> None:
    fixture, today = read(FIXTURE), ours()
    assert [*from_sandbox(today, fixture), *from_sandbox(fixture, today)] == []
    assert len(fixture["exchanges"]) > 15


def test_a_recording_has_no_value_of_the_companys() -> None:
    text = json.dumps(ours())
    private = (COMPANY, entry_id(1), "Fjord & Bro", "Kontor & Papir", "REC-", "7504", *KNOWN_ONLY_TO_PLEO)
    assert [each for each in private if each in text] == []


@pytest.fixture
def other() -> dict[str, Any]:
    """A recording of a Pleo that is otherwise."""
    return copy.deepcopy(ours())


def exchange(recording: dict[str, Any], call: str, status: int = 200) -> dict[str, Any]:
    found: dict[str, Any] = next(
        one for one in recording["exchanges"] if (one["call"], one["status"]) == (call, status)
    )
    return found


def test_each_kind_of_difference_is_found(other: dict[str, Any]) -> None:
    jobs = exchange(other, "GET /v3/export-jobs")
    jobs["seen"]["data[].colour"] = ["text"]
    jobs["seen"]["data[].status"] = ['"on_hold"']
    jobs["seen"]["data[].numberOfItems"] = ["text"]
    del jobs["seen"]["data[].isInteractive"]
    exchange(other, "GET /v3/export-jobs/{id}", 404)["status"] = 410
    call = "GET /v3/export-jobs"
    assert list(from_documents(other)) == [
        f"{call}: data[].colour is not documented",
        f"{call}: data[].status on_hold is not documented",
        f"{call}/{{id}}: the status 410 is not documented",
    ]
    differences = list(from_sandbox(other, ours()))
    assert f"{call}: the sandbox lacks data[].colour" in differences
    assert f"{call}: only the sandbox has data[].isInteractive" in differences
    assert any("data[].numberOfItems is text" in one for one in differences)
    assert any("the sandbox never answers 410" in one for one in differences)


# ------------------------------------------------------------------------------------------ replayed


@pytest.fixture
def place() -> Iterator[Probed]:
    with probed() as place:
        yield place


@pytest.mark.parametrize("path", recordings(), ids=lambda path: path.stem)
def test_the_client_reads_what_the_sandbox_replays(place: Probed, path: Path, tmp_path: Path) -> None:
    calls = place.sandbox.replay(dict(read(path)))
    assert {"GET /v3/export-jobs", "GET /v3/export-items", "GET /v1/introspect"} <= set(calls)
    news = NewsFile(tmp_path / "news.json")
    ways = Ways(watch=Watch(news, place.clock))
    pleo = open_pleo(place.connection(), place.tokens, place.clock, ways)
    (job,) = pleo.jobs([])
    assert pleo.job(job.id).id == job.id
    assert pleo.introspect().auth_method
    assert [len(page) for page in pleo.control_items(job.id)] == [1]
    (page,) = pleo.items(job.id)
    assert type(page[0]).__name__ == "ExportItem", page[0]
    pleo.close()
    subscriptions = open_subscriptions(place.connection(), place.tokens, place.clock, ways)
    assert not subscriptions.is_subscribed("https://elsewhere.example.com/")
    subscriptions.close()
    assert [one for one in news.read() if one.kind != "fact"] == []


def test_a_field_that_was_recorded_is_replayed_and_is_news(
    place: Probed, other: dict[str, Any], tmp_path: Path
) -> None:
    exchange(other, "GET /v3/export-jobs")["seen"]["data[].colour"] = ["text"]
    place.sandbox.replay(other)
    news = NewsFile(tmp_path / "news.json")
    pleo = open_pleo(place.connection(), place.tokens, place.clock, Ways(watch=Watch(news, place.clock)))
    assert len(pleo.jobs([])) == 1
    pleo.close()
    assert [(one.kind, one.what) for one in news.read()] == [("field", "data[].colour")]


def test_the_control_takes_a_recording_and_refuses_what_is_none(place: Probed) -> None:
    with httpx2.Client(base_url=place.url, trust_env=False) as person:
        taken = person.post("/_control/replay", json={"recording": ours()})
        assert taken.json()["result"] == sorted(taken.json()["result"])
        assert person.post("/_control/replay", json={"recording": {"format": 2}}).status_code == 400
        assert person.post("/_control/replay", json={"recording": {"format": 1}}).status_code == 404
