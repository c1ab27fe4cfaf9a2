"""Away at Pleo and back: only who left comes back, in time, and a refusal has words."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from kontobro.core.dialect import TagScope
from kontobro.core.errors import LoginFailed
from kontobro.core.model.connection import Connection
from kontobro.install.authorisation import (
    LIFE,
    REFUSALS,
    InvalidScope,
    code_of,
    consent_for,
    is_safe_redirect,
    kept_from,
    kept_to,
    leave,
    spelling_for,
)
from tests.support.scripted_pleo import a_connection

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
BACK = "https://erp.example.org/kontobro/pleo/callback"


def test_only_who_left_comes_back_and_in_time() -> None:
    state, kept = leave(redirect_uri=BACK, owner="7 session", now=NOW)
    assert kept.awaits(state, owner="7 session", now=NOW + LIFE - timedelta(seconds=1))
    assert not kept.awaits(state, owner="7 session", now=NOW + LIFE)
    assert not kept.awaits(state, owner="7 other", now=NOW)
    assert not kept.awaits(state, owner="8 session", now=NOW)
    for wrong in ("", "x", state[:-1], "\udcff"):
        assert not kept.awaits(wrong, owner="7 session", now=NOW)


def test_each_leaves_with_secrets_of_its_own() -> None:
    left = [leave(redirect_uri=BACK, owner="7", now=NOW) for _ in range(3)]
    assert len({state for state, _ in left} | {kept.verifier for _, kept in left}) == 6
    assert all(43 <= len(kept.verifier) <= 128 for _, kept in left)


def test_is_kept_as_json_and_shows_no_secret() -> None:
    state, kept = leave(redirect_uri=BACK, owner="7", now=NOW, client_secret="hush-hush")
    stored = json.dumps(kept_to(kept))
    assert kept_from(json.loads(stored)) == kept
    assert state not in stored
    assert "hush-hush" not in repr(kept)
    assert kept.verifier not in repr(kept)


@pytest.mark.parametrize("error", sorted(REFUSALS))
def test_a_refusal_has_words(error: str) -> None:
    with pytest.raises(LoginFailed) as refused:
        code_of({"error": error, "code": "c", "state": "s"}, "Try again.")
    assert (refused.value.message, refused.value.remedy) == (REFUSALS[error], "Try again.")


def test_tags_are_asked_for_as_it_worked_in_the_same_environment() -> None:
    scopes = frozenset({"tag-groups:read", "export-items:read"})
    staging = a_connection(environment="staging", auth="oauth", scopes=scopes)
    assert [spelling_for(name, []) for name in ("production", "staging")] == ["tag-group", "tag-groups"]
    assert spelling_for("production", [staging]) == "tag-group"
    worked = a_connection(environment="production", auth="oauth", scopes=scopes)
    assert spelling_for("production", [worked, staging]) == "tag-groups"
    of_a_key = a_connection(environment="production", auth="api_key", scopes=scopes)
    without = a_connection(environment="production", auth="oauth", scopes=frozenset({"export-items:read"}))
    assert spelling_for("production", [of_a_key, without]) == "tag-group"


def ways(needed: str, *known: Connection) -> list[tuple[bool, str]]:
    """What a client that Pleo always refuses is asked for: whether with the company's name, and how tags are named."""
    found: list[tuple[bool, str]] = []
    kept: TagScope | None = None
    while True:
        consent = consent_for("staging", [needed], known, kept)
        assert consent.scopes - {"companies:read"} == {needed}
        found.append(("companies:read" in consent.scopes, consent.spelling))
        kept = consent.after
        if kept is None:
            return found


def test_each_way_to_ask_is_tried_once_and_tags_are_named_otherwise_last() -> None:
    with pytest.raises(InvalidScope):
        code_of({"error": "invalid_scope"}, "")
    assert ways("tag-groups:read") == [(True, "tag-groups"), (False, "tag-groups"), (False, "tag-group")]
    assert ways("vendors:read") == [(True, "tag-groups"), (False, "tag-groups")]


def test_the_company_s_name_is_not_asked_for_where_the_client_was_not_granted_it() -> None:
    scopes = frozenset({"export-items:read", "tag-group:read"})
    without = a_connection(environment="staging", auth="oauth", scopes=scopes)
    granted = a_connection(environment="staging", auth="oauth", scopes=scopes | {"companies:read"})
    elsewhere = a_connection(environment="production", auth="oauth", scopes=scopes)
    assert ways("tag-groups:read", without) == [(False, "tag-group"), (False, "tag-groups")]
    assert ways("vendors:read", without, granted) == [(True, "tag-group"), (False, "tag-group")]
    assert ways("vendors:read", elsewhere) == [(True, "tag-groups"), (False, "tag-groups")]


def test_an_unknown_refusal_is_named_shortly_and_no_code_is_one() -> None:
    with pytest.raises(LoginFailed, match="odd_error"):
        code_of({"error": "odd_error"}, "")
    with pytest.raises(LoginFailed) as refused:
        code_of({"error": "x" * 5000}, "")
    assert len(str(refused.value)) < 150
    with pytest.raises(LoginFailed, match="no code"):
        code_of({}, "")
    assert code_of({"code": "c-1", "state": "s"}, "") == "c-1"


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        (BACK, True),
        ("http://localhost:8069/x", True),
        ("http://127.0.0.1:8069/x", True),
        ("http://erp.example.org/x", False),
        ("http://localhost.evil.test/x", False),
        ("ftp://localhost/x", False),
        ("", False),
    ],
)
def test_a_code_goes_by_https_or_stays_on_this_machine(address: str, safe: bool) -> None:
    assert is_safe_redirect(address) is safe
