"""Parts of pages that come later (htmx): what went wrong is said in their place, and never as a page within a page."""

from __future__ import annotations

from dataclasses import replace

from tests.web.connected_site import ConnectedSite

PART = {"HX-Request": "true"}


def test_a_part_that_can_t_be_had_says_why_and_what_to_do(connected: ConnectedSite) -> None:
    """htmx shows nothing of an answer with an error's status: its reader would wait for ever."""
    here = connected.connection
    connected.site.app.store.save_connection(replace(here, api_url="http://127.0.0.1:1"))
    path = f"/c/{here.id}/jobs/waiting/"
    part = connected.browser.get(path, headers=PART)
    assert part.status_code == 200
    assert "<html" not in part.text
    assert 'role="alert"' in part.text
    assert "What to do:" in part.text
    page = connected.browser.get(path)
    assert page.status_code == 409
    assert "<html" in page.text


def test_a_part_after_the_session_ended_loads_the_page_again(connected: ConnectedSite) -> None:
    """Else the page to sign in would stand within the page."""
    path = f"/c/{connected.connection.id}/jobs/waiting/"
    stranger = connected.site.browser()
    part = stranger.get(path, headers=PART)
    assert (part.status_code, part["HX-Refresh"], part.content) == (200, "true", b"")
    assert stranger.get(path).status_code == 302
