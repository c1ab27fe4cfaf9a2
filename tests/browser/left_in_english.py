"""What a page still says in English: texts of which the catalogues have a translation that differs, and others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from babel.messages.pofile import read_po
from playwright.sync_api import Page

from scripts.catalogues import DOMAINS
from tests.web.pseudo import OTHERS

SEEN = """() => {
  const said = [], hidden = "code, script, style, kbd, time, noscript, textarea, datalist, [translate=no], [lang=en]";
  const all = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = all.nextNode()); ) if (!node.parentElement.closest(hidden)) said.push(node.data);
  for (const name of ["aria-label", "title", "placeholder", "alt", "data-confirm", "data-copied"])
    for (const one of document.body.querySelectorAll(`[${name}]`))
      if (!one.closest(hidden)) said.push(one.getAttribute(name));
  said.push(document.title);
  return said;
}"""
"""Each piece of text that a person sees or hears."""

ENGLISH = re.compile(r"\b(the|your|this|with|from|have|has|that|which|are|is|of|not|for)\b", re.IGNORECASE)
"""Words that no other language of ours has: of texts that no catalogue has."""

QUOTED = re.compile(r"„[^“]*“|“[^”]*”|«[^»]*»|\"[^\"]*\"")
"""Names within a sentence."""

FACT = re.compile(r"%\(\w+\)[sd]|\{\{\s*[\w.|]+\s*\}\}|\{\w+\}")
MARKUP = re.compile(r"<[^>]*>")
WORD = re.compile(r"[^\W\d_]{3,}")


def left_in_english(page: Page, language: str) -> list[str]:
    """The pieces of the page that are English texts of ours, untranslated."""
    plain, patterns = _english(language)
    said = {" ".join(text.split()) for text in page.evaluate(SEEN)} - {"English"}  # the language's own name
    said = {text for text in said if not text.startswith("/")}  # a path
    return sorted(
        text
        for text in said
        if text in plain or ENGLISH.search(QUOTED.sub(" ", text)) or any(one.fullmatch(text) for one in patterns)
    )


@cache
def _english(language: str) -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    """The English pieces that no translation has: those without facts, and patterns of those with some."""
    pairs = list(_pairs(language))
    translated = {piece for _, texts in pairs for text in texts for piece in _pieces(text)}
    english = {piece for text, _ in pairs for piece in _pieces(text)} - translated
    plain = frozenset(piece for piece in english if not FACT.search(piece))
    others = (piece for piece in english - plain if len(WORD.findall(FACT.sub(" ", piece))) > 1)
    return plain, tuple(re.compile(".+".join(map(re.escape, FACT.split(piece)))) for piece in others)


def _pairs(language: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each English text, and what it is in the language."""
    paths = [one.po(language) for one in DOMAINS] + [one / language / "LC_MESSAGES" / "django.po" for one in OTHERS]
    for path in paths:
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                texts = message.string if isinstance(message.string, tuple) else (message.string,)
                if message.id and all(texts):
                    for text in message.id if isinstance(message.id, (tuple, list)) else (message.id,):
                        yield text, texts


def _pieces(text: str) -> Iterator[str]:
    """What stands between the markup of a text, as a browser has it."""
    for piece in MARKUP.split(text):
        words = " ".join(piece.split())
        if WORD.search(FACT.sub(" ", words)):
            yield words
