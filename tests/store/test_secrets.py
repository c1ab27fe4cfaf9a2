"""Secrets at rest: keys, their file, their rotation, and what is said when they don't fit."""

from __future__ import annotations

import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet

from kontobro.core.errors import Misconfigured
from kontobro.core.model.connection import Tokens
from kontobro.store import open_store
from kontobro.store.secrets.vault import ENVIRONMENT, KeyRing
from tests.support.store_contract.case import ELSEWHERE, HERE, connection, tokens

if TYPE_CHECKING:
    from kontobro.store import DjangoStore

TOKENS = tokens()
OLD, NEW = Fernet.generate_key(), Fernet.generate_key()


@pytest.fixture(autouse=True)
def _no_key_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENVIRONMENT, raising=False)


def key_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.key")


def save(path: Path, key: bytes | None = None) -> None:
    with open_store(path, key=key) as store:
        store.save_connection(connection())
        store.save_tokens(connection(), TOKENS)


def read(path: Path, key: bytes | None = None) -> Tokens | None:
    with open_store(path, key=key) as store:
        return store.tokens(connection())


def test_the_first_secret_makes_a_private_key_file(path: Path) -> None:
    save(path)
    assert key_file(path).stat().st_mode & 0o777 == 0o600
    assert len(key_file(path).read_bytes()) == len(OLD)
    assert read(path) == TOKENS


def test_no_key_file_without_need(path: Path) -> None:
    save(path, OLD)
    assert not key_file(path).exists()
    assert read(path, OLD) == TOKENS


def test_a_key_in_the_environment_wins_over_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(path)
    monkeypatch.setenv(ENVIRONMENT, OLD.decode())
    with pytest.raises(Misconfigured, match=ENVIRONMENT):
        read(path)
    save(path)
    assert read(path) == TOKENS


@pytest.mark.parametrize(
    "key", [NEW, b"too short", b"\xff\xfe", b",", b" "], ids=["another", "short", "no text", "comma", "blank"]
)
def test_a_wrong_key_is_one_clear_error_without_any_secret(path: Path, key: bytes) -> None:
    save(path, OLD)
    with pytest.raises(Misconfigured) as caught:
        read(path, key)
    told = "".join(traceback.format_exception(caught.value))
    assert caught.value.remedy
    assert "InvalidToken" not in told
    assert not any(secret in told for secret in ("secret-", "too short", NEW.decode(), OLD.decode()))


def test_a_lost_key_file_is_told_and_never_replaced_in_silence(path: Path) -> None:
    save(path)
    key_file(path).unlink()
    with pytest.raises(Misconfigured, match=r"key file kontobro.sqlite.key is missing"):
        read(path)
    with pytest.raises(Misconfigured, match="missing"):
        save(path)
    with open_store(path) as store:
        store.forget_tokens(HERE)
    save(path)
    assert read(path) == TOKENS


def test_settings_are_readable_without_the_key(path: Path) -> None:
    save(path)
    key_file(path).unlink()
    with open_store(path) as store:
        assert store.connection(HERE) == connection()


@pytest.mark.parametrize("column", ["connection_id", "name"])
def test_a_secret_moved_to_another_place_is_refused(store: DjangoStore, column: str) -> None:
    from kontobro.store.models import Secret

    store.save_connection(connection())
    store.save_connection(connection(ELSEWHERE))
    store.save_secret(connection(), "password", "mine")
    moved = {"connection_id": ELSEWHERE} if column == "connection_id" else {"name": "erp.other"}
    Secret.objects.using(store.alias).update(**moved)
    owner, name = (ELSEWHERE, "password") if column == "connection_id" else (HERE, "other")
    with pytest.raises(Misconfigured, match="belongs to another place"):
        store.secret(connection(owner), name)


def test_a_garbled_secret_is_one_clear_error(store: DjangoStore) -> None:
    from kontobro.store.models import Secret

    store.save_connection(connection())
    store.save_secret(connection(), "password", "mine")
    Secret.objects.using(store.alias).update(sealed="æ not a token")
    with pytest.raises(Misconfigured, match="can't be read"):
        store.secret(connection(), "password")


def test_rotating_a_key_file_replaces_its_key(path: Path) -> None:
    save(path)
    before = key_file(path).read_bytes()
    with open_store(path) as store:
        assert store.rotate_keys() == 1
        assert store.tokens(connection()) == TOKENS
    after = key_file(path).read_bytes()
    assert before not in after
    assert key_file(path).stat().st_mode & 0o777 == 0o600
    with pytest.raises(Misconfigured):
        read(path, before)


def test_a_rotation_that_was_killed_loses_nothing(path: Path) -> None:
    save(path)
    KeyRing(key_file(path)).begin_rotation()
    assert read(path) == TOKENS
    with open_store(path) as store:
        store.rotate_keys()
    assert read(path) == TOKENS
    assert len(key_file(path).read_bytes().split()) == 1


def test_given_keys_are_rotated_to_the_first(path: Path) -> None:
    save(path, OLD)
    with open_store(path, key=NEW + b"," + OLD) as store:
        assert store.tokens(connection()) == TOKENS
        assert store.rotate_keys() == 1
    assert read(path, NEW) == TOKENS
    assert not key_file(path).exists()


def test_two_who_make_the_key_file_at_once_share_one_key(tmp_path: Path) -> None:
    keys = KeyRing(tmp_path / "k")
    barrier = threading.Barrier(4)
    sealed: list[bytes] = []

    def make() -> None:
        barrier.wait()
        sealed.append(keys.ciphers(create=True).encrypt(b"x"))

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [keys.ciphers().decrypt(it) for it in sealed] == [b"x"] * 4
    assert [file.name for file in tmp_path.iterdir()] == ["k"]
