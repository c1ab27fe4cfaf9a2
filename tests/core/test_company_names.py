"""Two names of one company, and two companies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontobro.core.company_names import plainly_differ

ONE = [
    ("Bäckerei Schröder GmbH", "Baeckerei Schroeder"),
    ("Bäckerei Schröder", "BACKEREI SCHRODER GMBH & CO. KG"),
    ("Fjord & Bro ApS", "Fjord og Bro"),
    ("Fjord & Bro ApS", "Fjord & Bro Danmark ApS"),
    ("Aarhus Kaffe A/S", "Århus Kaffe AS"),
    ("Smørrebrød København", "Smorrebrod Kobenhavn ApS"),
    ("Société Générale S.A.", "Societe Generale"),
    ("Straße 7 GmbH", "Strasse 7"),
    ("AP Møller", "A. P. Moller"),
    ("Nordisk Handel", "Nordisk Handle"),
    ("", "Fjord ApS"),
    ("Fjord ApS", " "),
    ("ApS", "ApS"),
]
TWO = [
    ("Bäckerei Schröder", "Fjord & Bro ApS"),
    ("Nordic Coffee ApS", "Nordic Tea ApS"),
    ("Hotel Bro 1", "Hotel Bro 2"),
    ("Fjord ApS", "Fjord 2 ApS"),
    ("Demo ApS", "My Company"),
    ("株式会社A", "株式会社B"),
]


@pytest.mark.parametrize(("one", "other"), ONE)
def test_one_company_is_not_asked_about(one: str, other: str) -> None:
    assert not plainly_differ(one, other)
    assert not plainly_differ(other, one)


@pytest.mark.parametrize(("one", "other"), TWO)
def test_two_companies_are_asked_about(one: str, other: str) -> None:
    assert plainly_differ(one, other)
    assert plainly_differ(other, one)


@given(st.text())
def test_no_name_differs_from_itself(name: str) -> None:
    assert not plainly_differ(name, name.upper().lower())
    assert not plainly_differ(name, name)
