"""Translations: brings each `.po` up to date with the English in the code, and compiles it. `make words` runs it.

A new English text is in each `.po` with an empty translation, to be filled in; one that is gone is removed. What has no
translation is shown in English. `--list` names each text that is not translated.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from kontobro.core.words import LANGUAGES
from scripts.catalogues import DOMAINS, Domain

COMPLETE = frozenset({"problems", "pages", "cli"})
"""Domains whose translations must be whole and of now: `make words` fails else, and so do the tests. Add "pages" here
once its texts are final."""


LATER = frozenset[str]()
"""Contexts that need not be whole yet, of the domains that are: take one out once its texts are final."""


def translated(domain: Domain, language: str) -> Catalog:
    """A language's file, with the texts of now."""
    path = domain.po(language)
    made: Catalog = domain.english()
    made.locale = language
    made.header_comment = f"# {domain.about} Compiled by `make words`."
    kept = Catalog(locale=language)
    if path.exists():
        with path.open("rb") as file:
            kept = read_po(file, locale=language)
    for message in made:
        found = kept.get(message.id, message.context)
        if message.id and found and found.pluralizable == message.pluralizable:
            message.string = found.string
        message.flags &= {"python-format"} if domain.name == "pages" else set()
    return made


def lacking(made: Catalog) -> list[Message]:
    """What has no translation, or of a plural not each form."""
    return [message for message in made if message.id and not all(_forms(message.string))]


def due(domain: Domain, missing: Iterable[Message]) -> list[Message]:
    """Of these, what may not be missing."""
    return [one for one in missing if domain.name in COMPLETE and one.context not in LATER]


def _forms(string: str | Sequence[str] | None) -> Sequence[str]:
    return [string] if isinstance(string, str) else string or [""]


def write(domain: Domain, language: str, made: Catalog) -> None:
    path = domain.po(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, made, width=120, include_lineno=False)
    with path.with_suffix(".mo").open("wb") as file:
        write_mo(file, made)


def main(arguments: Sequence[str]) -> int:
    failed = False
    for domain in DOMAINS:
        for language in LANGUAGES:
            made = translated(domain, language)
            write(domain, language, made)
            missing = lacking(made)
            failed |= bool(due(domain, missing))
            if missing:
                print(f"{domain.name}, {language}: {len(missing)} of {len(made)} texts are not translated.")
            listed = missing if "--list" in arguments else due(domain, missing)
            print("".join(f"  {message.id}\n" for message in listed), end="")
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
