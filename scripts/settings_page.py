"""Write the tables of docs/settings.md from the catalogue of settings: `python -m scripts.settings_page`.

A test compares the page with what this gives, so that it can't fall behind.
"""

from __future__ import annotations

from pathlib import Path

from kontobro.core.settings.catalogue import Entry, groups, row_catalogue

PAGE = Path(__file__).resolve().parent.parent / "docs" / "settings.md"
PARTS = ("settings", "rows")
SETTING_HEAD = "| setting | takes | default | what it does |\n|---|---|---|---|\n"
ROW_HEAD = "| key | takes | what it does |\n|---|---|---|\n"


def page(text: str) -> str:
    """The page with its tables, each between `<!-- NAME -->` and `<!-- end of NAME -->`, as the catalogue has them."""
    for name, table in zip(PARTS, (settings_tables(), rows_table()), strict=True):
        before, begin, rest = text.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition(f"<!-- end of {name} -->\n")
        if not (begin and end):
            raise ValueError(f"{PAGE.name} lacks the marks of {name}")
        text = f"{before}{begin}\n{table}\n{end}{after}"
    return text


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


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
