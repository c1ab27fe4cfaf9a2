"""The service's log: one line for each thing, ids on it, nothing that must not be there."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from kontobro.service.config import read_config
from kontobro.service.logging.logs import correlation, scrubbed, set_up_logs, working_on

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


@pytest.fixture(autouse=True)
def structlog_put_back() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def told(form: str = "json", level: str = "info") -> io.StringIO:
    stream = io.StringIO()
    set_up_logs(read_config({"KONTOBRO_LOG_FORMAT": form, "KONTOBRO_LOG_LEVEL": level}), stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_standard_logging_and_structlog_go_the_same_way() -> None:
    stream = told()
    with working_on(connection="c1", job="j1") as id:
        logging.getLogger("kontobro.export.engine").info("job ended", extra={"booked": 3})
        structlog.get_logger("kontobro.web").info("page", status=200)
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
    assert scrubbed(None, "info", dict(ids)) == ids


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
    line = scrubbed(None, "info", {"event": text})
    assert len(str(line["event"])) <= len(text)
