"""No page says anything that can't be translated.

Templates: each visible text and attribute is marked. Pages: in a language made from the catalogue, in which each text
stands in ⟦brackets⟧, a word outside of them is data, or was forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.template.base import Lexer, TokenType

from kontobro import web
from scripts.catalogues import DOMAINS, Domain
from scripts.words import COMPLETE, LANGUAGES, LATER, lacking, translated

FOLDER = Path(web.__file__).parent

THINGS = "expense|entrie|document|compan|export|receipt|item|booking|change|secret|problem|cause|payment"
"""What is counted, as its plural begins."""
COUNTED = re.compile(rf"(%\(\w+\)[sd]|\{{\w+\}}) (more |other )?({THINGS})(s|ies)\b")
ALWAYS_MANY = {"Adding up %(number)s entries…", "More than %(most)d companies are ticked."}

TO_MARK = frozenset[str]()
"""Groups of pages (a folder each) that are not marked as a whole yet. To be emptied: then the constant goes."""

MARKED = frozenset(
    f"connection/{name}.html" for name in ("settings", "sync", "plan", "fitting", "change_access")
) | frozenset(f"organisation/{name}.html" for name in ("privacy", "person", "organisations", "new_organisation"))
"""Templates of these groups that are."""

SEEN = ("aria-label", "title", "placeholder", "alt", "data-confirm")
"""Attributes that a person sees or hears."""
DATA = frozenset({"code", "script", "style", "kbd", "time"})
EVERYWHERE = re.compile(r"\b(Kontobro|Pleo|SHA-256)\b")
WORD = re.compile(r"[^\W\d_]{2,}")


class Visible(HTMLParser):
    """What a page says, with the line of each; no content of DATA, nor what says `translate="no"`."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[tuple[int, str]] = []
        self._closed: list[tuple[str, bool]] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        hidden = tag in DATA or given.get("translate") == "no" or (given.get("lang") == "en" and tag != "html")
        if tag not in VOID:
            self._closed.append((tag, hidden))
        for name in SEEN:
            if given.get(name) and not self._hidden():
                self.said.append((self.getpos()[0], str(given[name])))

    def handle_endtag(self, tag: str) -> None:
        while self._closed and any(one == tag for one, _ in self._closed):
            if self._closed.pop()[0] == tag:
                return

    def handle_data(self, data: str) -> None:
        if not self._hidden():
            self.said.append((self.getpos()[0], data))

    def _hidden(self) -> bool:
        return any(hidden for _, hidden in self._closed)


VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())


def unmarked(source: str) -> Iterator[tuple[int, str]]:
    """What a template says outside of its marks."""
    parts, within = [], False
    for token in Lexer(source).tokenize():
        name = token.split_contents()[0] if token.token_type is TokenType.BLOCK else ""
        if token.token_type is TokenType.TEXT:
            parts.append("\n" * token.contents.count("\n") if within else token.contents)
        elif name in ("blocktranslate", "endblocktranslate"):
            within = name == "blocktranslate"
        else:
            yield from glued(token.lineno, token.contents)
    for line, text in Visible("".join(parts)).said:
        if WORD.search(EVERYWHERE.sub("", text)):
            yield line, " ".join(text.split())


def glued(line: int, contents: str) -> Iterator[tuple[int, str]]:
    """Endings that only English has, and texts within a filter."""
    if re.search(r"\|(pluralize|yesno)\b", contents) or re.search(r"\|default:\"[^\"]*[^\W\d_]{2}", contents):
        yield line, contents


def templates() -> list[str]:
    return sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.html"))


@pytest.mark.parametrize("name", templates())
def test_a_template_marks_all_that_it_says(name: str) -> None:
    found = list(unmarked((FOLDER / name).read_text(encoding="utf-8")))
    if name.partition("/")[0] in TO_MARK and name not in MARKED:
        if found:
            pytest.xfail(f"not marked yet: {found[:3]}")
        return
    assert found == [], "mark it: {% translate %} or {% blocktranslate %}"


def test_what_is_not_marked_is_found() -> None:
    said = [
        text for _, text in unmarked('<p title="Hint">Save</p> {% translate "a" %} <code>x y</code> {{ n|pluralize }}')
    ]
    assert said == ["n|pluralize", "Hint", "Save"]
    assert list(unmarked('{% blocktranslate %}Save {{ x }}{% endblocktranslate %}<b translate="no">ApS</b>')) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.name)
def test_a_catalogue_is_whole_and_of_now(domain: object, language: str) -> None:
    """Else: `make words`, and translate what is new. For the domains of `scripts.words.COMPLETE`."""
    from babel.messages.pofile import read_po

    one = next(each for each in DOMAINS if each is domain)
    if one.name not in COMPLETE:
        pytest.skip(f"{one.name} is translated once its texts are final: scripts.words.COMPLETE")
    made = translated(one, language)
    assert [message.id for message in lacking(made) if message.context not in LATER] == []
    with one.po(language).open("rb") as file:
        kept = read_po(file, locale=language)
    assert {(message.context, message.id) for message in kept} == {(message.context, message.id) for message in made}


@pytest.mark.parametrize("domain", [one for one in DOMAINS if one.name != "problems"], ids=lambda domain: domain.name)
def test_what_is_counted_has_a_form_for_one(domain: Domain) -> None:
    made = [message.id for message in domain.english() if message.id and not message.pluralizable]
    assert [text for text in made if COUNTED.search(text) and text not in ALWAYS_MANY] == []
