"""Translations of problems: brings each `.po` up to date with `english.toml`, and compiles it. `make words` runs it.

A new English sentence is in each `.po` with an empty translation, to be filled in; one that is gone is removed.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from kontobro.core import words
from kontobro.core.words import LANGUAGES, catalogue

FOLDER = Path(words.__file__).parent

SINCE = datetime(2026, 11, 28, tzinfo=UTC)
"""In each header, so that a file changes with its sentences only."""


def template() -> Catalog:
    """All that can be translated, each with where it is used: sentences, parts of sentences and names."""
    made = Catalog(project="Kontobro", creation_date=SINCE, revision_date=SINCE, fuzzy=False)
    english = catalogue()
    for name, said in [*english.problems.items(), *english.faults.items()]:
        for sentence in said:
            made.add(sentence, auto_comments=[name])
    for name, text in english.phrases.items():
        made.add(text, context="phrase", auto_comments=[name])
    for name, text in english.names.items():
        made.add(text, context="name", auto_comments=[name])
    return made


def translated(language: str) -> Catalog:
    """A language's file, with the sentences of now."""
    made = template()
    made.locale = language
    made.header_comment = "# What problems and errors say. English: english.toml. Compiled by `make words`."
    with (FOLDER / f"{language}.po").open("rb") as file:
        kept = read_po(file, locale=language)
    for message in made:
        found = kept.get(message.id, message.context)
        if message.id and found:
            message.string = found.string
        message.flags.clear()
    return made


def main() -> int:
    missing = []
    for language in LANGUAGES:
        made = translated(language)
        missing += [f"{language}.po: {message.id}" for message in made if message.id and not message.string]
        with (FOLDER / f"{language}.po").open("wb") as file:
            write_po(file, made, width=120)
        with (FOLDER / f"{language}.mo").open("wb") as file:
            write_mo(file, made)
    print("\n".join(missing) or "Every sentence is translated.")
    return bool(missing)


if __name__ == "__main__":
    sys.exit(main())
