"""The demo company's facts, from the TOML files in `data/`."""

from __future__ import annotations

import tomllib
from fractions import Fraction
from importlib.resources import files
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


class Facts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a table of a file holds; a field that it has not is an error."""


def read(name: str, kind: type[T]) -> T:
    """`data/<name>.toml`."""
    return facts_of(files(__package__).joinpath("data", f"{name}.toml").read_text(encoding="utf-8"), kind)


def facts_of(text: str, kind: type[T]) -> T:
    """What a TOML document holds. Raises msgspec.ValidationError, which names the field that is wrong."""
    return msgspec.convert(tomllib.loads(text), kind, dec_hook=_exact)


def _exact(kind: type, value: Any) -> Fraction:
    """A part of something, written "1/5"."""
    if kind is not Fraction:
        raise NotImplementedError(kind)
    return Fraction(value)
