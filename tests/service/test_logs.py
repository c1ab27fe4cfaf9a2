"""The service's log: one line for each thing, ids on it, nothing that must not be there."""

from __future__ import annotations

import io
import json
import logging
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontobro.service.config import read_config
from kontobro.service.logging.lines import scrubbed
from kontobro.service.logging.logs import correlation, set_up_logs, working_on

SECRETS = (
    "plp_live-key-0123456789",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "DK5000400440116243",
    "DE89 3704 0044 0532 0130 00",
    "anna@example.com",
    "hunter2hunter2",
    "X-Amz-Signature=abc",
    "7c2Yw0RZ1m4c9sQ8kT6vB3nL5xJ2hF7dP0aG_e-uXqI",
)


def told(form: str = "json", level: str = "info") -> io.StringIO:
    stream = io.StringIO()
    set_up_logs(read_config({"KONTOBRO_LOG_FORMAT": form, "KONTOBRO_LOG_LEVEL": level}), stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_has_its_extras_and_what_is_worked_on() -> None:
    stream = told()
    with working_on(connection="c1", job="j1") as id:
        logging.getLogger("kontobro.export.engine").info("job ended", extra={"booked": 3})
        logging.getLogger("kontobro.web").info("page", extra={"status": 200})
    logging.getLogger("kontobro.export.engine").info("after")
    first, second, third = lines(stream)
    assert (first["event"], first["booked"], first["level"], first["logger"]) == (
        "job ended",
        3,
        "info",
        "kontobro.export.engine",
    )
    assert {first["correlation"], second["correlation"]} == {id}
    assert (first["connection"], first["job"], second["status"]) == ("c1", "j1", 200)
    assert "correlation" not in third
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", third["timestamp"])


def test_a_line_for_a_person_is_time_level_event_logger_and_extras() -> None:
    stream = told("console")
    with working_on(correlation="c0"):
        logging.getLogger("kontobro.export").warning("job %s ended", "j1", extra={"booked": 3, "outcome": "all well"})
    time, rest = stream.getvalue().split(" ", 1)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", time)
    assert rest == '[warning ] job j1 ended [kontobro.export] booked=3 correlation=c0 outcome="all well"\n'


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize("forged", ["a\nb", "a\r\n2026-01-01T00:00:00Z [error   ] b", "a\x1b[2Jb", "a\u2028b"])
def test_no_text_of_others_starts_a_line_or_moves_the_cursor(form: str, forged: str) -> None:
    stream = told(form)
    logging.getLogger("kontobro.export").warning(forged, extra={"value": forged})
    [line] = stream.getvalue().splitlines()
    assert line.isprintable()


def test_an_extra_replaces_nothing_that_every_line_has() -> None:
    stream = told()
    taken = {"event": "another", "level": "another", "logger": "another", "timestamp": "another", "at": SECRETS[0]}
    logging.getLogger("kontobro.export").warning("job ended", extra=taken)
    [line] = lines(stream)
    assert (line["event"], line["level"], line["logger"]) == ("job ended", "warning", "kontobro.export")
    assert "another" not in line.values()
    assert SECRETS[0] not in stream.getvalue()


def test_work_within_a_request_keeps_its_correlation() -> None:
    with working_on(request="r1") as outer, working_on(job="j1") as inner:
        assert inner == outer == correlation()
    with working_on(correlation="from-outside") as given:
        assert given == "from-outside"
    assert correlation() == ""


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_leaves_in_message_arguments_extras_or_faults(form: str, secret: str) -> None:
    stream = told(form)
    log = logging.getLogger("kontobro.test")
    address = f"https://user:{secret}@host/receipt?sig={secret}"
    log.warning("calling %s with Bearer %s", address, secret)
    log.warning("extra", extra={"value": f"Bearer {secret}", "where": {"url": f"/a?{secret}"}})
    try:
        raise ValueError(secret)
    except ValueError:
        log.exception("broke")
    assert secret not in stream.getvalue()
    assert stream.getvalue().count("\n") >= 3


def test_a_fault_tells_its_types_and_frames() -> None:
    stream = told()
    try:
        try:
            raise KeyError("anna@example.com")
        except KeyError as cause:
            raise ValueError("DK5000400440116243") from cause
    except ValueError:
        logging.getLogger("django.request").exception("Internal Server Error: %s", "/c/1/?code=abc")
    [line] = lines(stream)
    assert line["fault"] == "ValueError from KeyError"
    assert any("test_logs.py" in frame for frame in line["at"])
    assert "abc" not in line["event"]


def test_ids_are_left_readable() -> None:
    ids = {"job": "0c6a6a43-40c6-4bb6-9f2e-6d7f8d6c1a11", "log": "0c6a6a4340c64bb69f2e6d7f8d6c1a11", "items": 20}
    assert scrubbed(ids) == ids


@pytest.mark.parametrize(("level", "heard"), [("debug", 2), ("info", 1), ("error", 0)])
def test_the_level_is_that_of_our_own_logs(level: str, heard: int) -> None:
    stream = told(level=level)
    logging.getLogger("kontobro.a").debug("low")
    logging.getLogger("kontobro.a").info("middle")
    logging.getLogger("httpx2").info("HTTP Request: GET /receipt?sig=1")
    logging.getLogger("some.library").info("chatter")
    assert len(lines(stream)) == heard


def test_gunicorn_writes_the_same_lines(capsys: pytest.CaptureFixture[str]) -> None:
    from gunicorn.config import Config

    from kontobro.service.logging.gunicorn import GunicornLogs

    logs = GunicornLogs(Config())
    logs.error("worker %s", "Bearer abc.def")
    logs.access_log.info("GET /x?code=1")
    said = capsys.readouterr().err
    assert "worker" in said
    assert "abc.def" not in said
    assert "code" not in said


@given(st.text(alphabet=st.characters(codec="ascii"), max_size=200))
def test_scrubbing_never_fails_and_never_grows_a_text(text: str) -> None:
    line = scrubbed({"event": text})
    assert len(str(line["event"])) <= len(text)
