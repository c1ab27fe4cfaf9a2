"""The tables of docs/settings.md, from the catalogue of settings (`scripts/docs_from_code.py` writes them)."""

from __future__ import annotations

from kontobro.core.settings.catalogue import Entry, groups, row_catalogue

SETTING_HEAD = "| setting | takes | default | what it does |\n|---|---|---|---|\n"
ROW_HEAD = "| key | takes | what it does |\n|---|---|---|\n"


def settings_tables() -> str:
    """A table for each group of settings, below its title."""
    tables = []
    for title, entries in groups().items():
        rows = [_row(f"`{one.key}`", _takes(one), _default(one), _does(one)) for one in entries]
        tables.append(f"## {title}\n\n{SETTING_HEAD}{''.join(rows)}")
    return "\n".join(tables)


def rows_table() -> str:
    """The keys of a row of the posting table."""
    return ROW_HEAD + "".join(_row(f"`{one.key}`", _takes(one), _does(one)) for one in row_catalogue().values())


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def _takes(entry: Entry) -> str:
    """What a person may write."""
    choices = ", ".join(f"`{value}`" for value in entry.choices)
    if entry.kind == "choices":
        return f"list of {choices}"
    if entry.kind == "number":
        return "{} to {}".format(*entry.limits)
    return entry.takes or choices or ("`true`, `false`" if entry.kind == "flag" else entry.kind)


def _default(entry: Entry) -> str:
    value = entry.default
    if value is None:
        return f"unset: {entry.unset}" if entry.unset else "unset"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if isinstance(value, str | int) else "empty"


def _does(entry: Entry) -> str:
    """Its label, help and more; each choice with its words."""
    choices = "; ".join(f"`{value}`: {words}" for value, words in entry.choices.items())
    return " ".join(filter(None, [f"**{entry.label}.**", entry.help, f"{choices}." if choices else "", entry.more]))
