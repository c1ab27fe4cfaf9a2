"""What goes into a column comes out again, also after another version wrote it."""

from __future__ import annotations

import datetime as dt
import json

from hypothesis import given
from hypothesis import strategies as st

from kontobro.core.errors import Problem
from kontobro.core.model.connection import Tokens
from kontobro.core.model.settings import RowOverride, Settings
from kontobro.store.secrets.codec import problems_from, problems_to, settings_from, settings_to, tokens_from, tokens_to

text = st.text(max_size=20)
kept = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
rows = st.builds(RowOverride, type=text, subtype=st.none() | text, use_line_account=st.none() | st.booleans())
chosen = st.builds(
    Settings,
    wallets=st.dictionaries(text, text, max_size=3),
    dimensions=st.dictionaries(text, text, max_size=3),
    rows=st.lists(rows, max_size=3).map(tuple),
    hook=st.none() | text,
    sync=st.lists(st.sampled_from(["accounts", "vendors"]), unique=True).map(tuple),
    sync_dimensions=st.lists(text, max_size=3).map(tuple),
    retention_days=st.integers(0, 400),
)

instants = st.datetimes(timezones=st.just(dt.UTC))
credentials = st.builds(Tokens, access=text, refresh=st.none() | text, expires_at=st.none() | instants)


@given(settings=chosen)
def test_settings_survive(settings: Settings) -> None:
    assert settings_from(json.loads(json.dumps(settings_to(settings)))) == settings


def test_settings_of_another_version_are_read_as_far_as_known() -> None:
    assert settings_from({"wallet": "1010", "invented_later": 1}) == Settings(wallet="1010")
    assert settings_from({"rows": [{"type": "X", "later": 1}]}).rows == (RowOverride(type="X"),)


@given(tokens=credentials)
def test_tokens_survive(tokens: Tokens) -> None:
    assert tokens_from(json.loads(json.dumps(tokens_to(tokens)))) == tokens


@given(problems=st.lists(st.builds(Problem, *[kept] * 5, st.just("account_unknown")), max_size=3))
def test_problems_survive(problems: list[Problem]) -> None:
    assert problems_from(json.loads(problems_to(problems))) == tuple(problems)
