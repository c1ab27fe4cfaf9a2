"""Django set up as the service sets it up, once; a fresh site for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import override_settings

import tests.support.pages_ready  # noqa: F401 - before what is of Django
from kontobro.service.config import config
from tests.support.site import Site, build_template, open_site
from tests.web.connected_site import ConnectedSite, a_connected_site


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty service's database, up to date."""
    return build_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
def site(tmp_path: Path, template: Path) -> Iterator[Site]:
    """A service of this test's own: no member, no connection."""
    home = tmp_path / "home"
    shutil.copytree(template, home)
    with open_site(home) as opened, override_settings(ASIDE_PATIENCE=60):  # no page depends on how busy the machine is
        yield opened


@pytest.fixture
def connected(site: Site) -> Iterator[ConnectedSite]:
    """A connected company: two purchases wait, one of them on an account that the books don't know."""
    with a_connected_site(site) as opened:
        yield opened


@pytest.fixture
def open_signup(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The operator lets everyone on this machine sign up."""
    monkeypatch.setenv("KONTOBRO_SIGNUP", "true")
    config.cache_clear()
    yield
    monkeypatch.undo()
    config.cache_clear()
