"""Django set up as the service sets it up, once; a fresh site for each test."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import override_settings

_folder = tempfile.TemporaryDirectory(prefix="kontobro-web-")
os.environ["KONTOBRO_HOME"] = _folder.name
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kontobro.web.settings")

from kontobro.web.server.start import set_up  # noqa: E402 - it reads the environment

set_up()
del os.environ["KONTOBRO_HOME"]

from kontobro.service.config import config  # noqa: E402 - it reads the environment
from tests.support.quick_passwords import hash_quickly  # noqa: E402 - likewise
from tests.support.site import Site, build_template, open_site  # noqa: E402 - Django's models need it set up
from tests.web.connected_site import ConnectedSite, a_connected_site  # noqa: E402 - Django's models need it set up

hash_quickly()


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
