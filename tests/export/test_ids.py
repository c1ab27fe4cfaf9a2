"""Ids in little memory are the same ids: none is lost, none becomes another."""

from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as st

from kontobro.export.job.ids import Ids, packed, unpacked

A, B = "0b5c0001-0000-4000-8000-000000000001", "0b5c0001-0000-4000-8000-000000000002"
NEARLY = st.one_of(
    st.uuids().map(str),
    st.uuids().map(lambda one: str(one).upper()),
    st.uuids().map(lambda one: one.hex),
    st.text(alphabet="0123456789abcdefABCDEF- g", min_size=30, max_size=38),
    st.text(),
)


@given(NEARLY, NEARLY)
def test_an_id_comes_back_as_it_was_and_is_no_other(one: str, other: str) -> None:
    assert unpacked(packed(one)) == one
    assert (packed(one) == packed(other)) == (one == other)


def test_an_id_as_pleo_writes_it_takes_sixteen_bytes() -> None:
    assert packed(A) == uuid.UUID(A).bytes


def test_an_id_is_taken_once() -> None:
    ids = Ids.of([A, B, "odd"])
    assert (len(ids), A in ids, set(ids)) == (3, True, {A, B, "odd"})
    assert (ids.take(A), ids.take(A), A in ids, len(ids)) == (True, False, False, 2)
