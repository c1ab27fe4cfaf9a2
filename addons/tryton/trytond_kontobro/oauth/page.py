"""The pages of connecting by OAuth: plain HTML, no script, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from html import escape

STYLE = (
    "body{font:1.05rem/1.5 system-ui,sans-serif;max-width:36rem;margin:3rem auto;padding:0 1rem;"
    "color:#1a1a1a;background:#fff}"
    "button{font:inherit;padding:.6rem 1.2rem;border:0;border-radius:.3rem;color:#fff;background:#1f4e8c}"
    "button:focus-visible{outline:3px solid #e08a00;outline-offset:2px}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

ENGLISH = "en"
Paragraph = tuple[str, str]
"""Its language and its words: what Pleo or Kontobro's core says is English."""


def page(language: str, title: str, paragraphs: Sequence[Paragraph], form: str = "") -> str:
    """A whole page. `form` is HTML, all else is text."""
    shown_errors = "".join(_paragraph(language, *one) for one in paragraphs)
    return (
        f'<!doctype html><html lang="{escape(language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} - Kontobro</title><style>{STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1>{shown_errors}{form}</main></body></html>"
    )


def _paragraph(page_language: str, language: str, words: str) -> str:
    other = f' lang="{escape(language)}"' if language != page_language else ""
    return f"<p{other}>{escape(words)}</p>"


def button(ticket: str, words: str) -> str:
    """The form that uses a ticket up, at the page's own address."""
    hidden = f'<input type="hidden" name="ticket" value="{escape(ticket)}">'
    return f'<form method="post" action="start">{hidden}<button type="submit">{escape(words)}</button></form>'


def headers(goes_to: str = "") -> Mapping[str, str]:
    """What browsers may do with a page. `goes_to`: where its form leads in the end, for the one that has a form.

    Chromium holds a form to `form-action` on every redirect after it, and Pleo's login has addresses of its own: hence
    any https. It sends `Origin: null`, which Tryton refuses, from a page with no-referrer: hence same-origin there.
    """
    forms = f"'self' https: {goes_to}" if goes_to else "'none'"
    policy = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'"
    return {
        "Content-Security-Policy": f"{policy}; form-action {forms}",
        "Referrer-Policy": "same-origin" if goes_to else "no-referrer",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
