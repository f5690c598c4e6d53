"""The look at a database's migrations, on real PostgreSQL and SQLite: what it finds, and what it says."""

import socket
import sqlite3
import threading
from contextlib import closing

import pytest

from pytest_smokedeploy.database.migrations import SECONDS, Look, look
from pytest_smokedeploy.support.redaction import Secret
from tests.support.needs import needs_postgres
from tests.support.postgres import closed_port_url, silent_url

#: Long enough for a server on a machine with much else to do.
SOON = 5.0


def reason_of(url, table="schema_migrations", seconds=SECONDS):
    found = look(Secret(url), table, seconds)
    assert found.applied is None
    return found.reachable, found.reason


# -- PostgreSQL ------------------------------------------------------------------------------


@needs_postgres
def test_applied_versions_are_read_in_order(postgres):
    assert look(Secret(postgres.create(["0002", "0001"]))) == Look(True, ("0001", "0002"))


@needs_postgres
def test_an_empty_table_is_no_missing_one(postgres):
    assert look(Secret(postgres.create([]))) == Look(True, ())


@needs_postgres
@pytest.mark.parametrize("table", ["alembic_version", "public.alembic_version"])
def test_alembics_table_has_a_column_of_its_own(postgres, table):
    url = postgres.create(["a1b2c3"], "alembic_version", "version_num")
    assert look(Secret(url), table) == Look(True, ("a1b2c3",))


@needs_postgres
@pytest.mark.parametrize("driver", ["postgres", "postgresql+psycopg2", "postgresql+asyncpg"])
def test_whatever_driver_the_application_names_the_installed_one_is_used(postgres, driver):
    url = postgres.create(["1"]).replace("postgresql", driver, 1)
    assert look(Secret(url)) == Look(True, ("1",))


@needs_postgres
def test_no_table(postgres):
    assert reason_of(postgres.create(None)) == (True, "there is no table schema_migrations")


@needs_postgres
def test_a_table_of_another_shape(postgres):
    reachable, reason = reason_of(postgres.create(["1"], column="name"))
    assert reachable
    assert "neither a column version nor version_num" in reason


@needs_postgres
def test_a_migration_that_failed_half_way(postgres):
    url = postgres.create(["1"])
    database = url.rpartition("/")[2]
    postgres.execute(database, "ALTER TABLE schema_migrations ADD dirty boolean NOT NULL DEFAULT true")
    assert "failed half-way" in reason_of(url)[1]
    postgres.execute(database, "UPDATE schema_migrations SET dirty = false")
    assert look(Secret(url)).applied == ("1",)


@needs_postgres
def test_a_role_without_leave_to_read(postgres):
    url = postgres.create(["1"])
    postgres.execute("postgres", "CREATE ROLE stranger LOGIN PASSWORD 'secret-of-a-stranger'")
    stranger = postgres.url(url.rpartition("/")[2], user="stranger", password="secret-of-a-stranger")
    reachable, reason = reason_of(stranger)
    assert reachable
    assert "permission denied" in reason


@needs_postgres
def test_no_database(postgres):
    reachable, reason = reason_of(postgres.url("never_made"))
    assert not reachable
    assert 'database "never_made" does not exist' in reason


@needs_postgres
def test_a_wrong_password_is_refused_and_not_repeated(postgres):
    reachable, reason = reason_of(postgres.url("postgres", password="canary-of-a-test"))
    assert not reachable
    assert "password authentication failed" in reason
    assert "canary" not in reason


@needs_postgres
def test_a_locked_table_costs_the_deadline_and_no_more(postgres):
    import psycopg  # noqa: PLC0415 - only where there is a server

    url = postgres.create(["1"])
    with psycopg.connect(url) as migrating:
        migrating.execute("LOCK TABLE schema_migrations IN ACCESS EXCLUSIVE MODE")
        reachable, reason = reason_of(url, seconds=SOON)
    assert reachable
    assert any(words in reason for words in ("did not let", "statement timeout"))


@needs_postgres
def test_the_look_changes_nothing(postgres):
    """It reads in a read-only transaction, so that not even a view could write."""
    url = postgres.create([])
    database = url.rpartition("/")[2]
    postgres.execute(database, "CREATE SEQUENCE looks")
    postgres.execute(database, "CREATE VIEW v AS SELECT nextval('looks') AS version")
    assert "read-only transaction" in reason_of(url, "v")[1]


def test_the_server_is_down():
    with closed_port_url() as url:
        reachable, reason = reason_of(url)
    assert not reachable
    assert "refused" in reason
    assert "secret-of-a-test" not in reason


def test_a_server_that_accepts_and_never_answers():
    with silent_url() as url:
        reachable, _reason = reason_of(url, seconds=SOON)
    assert not reachable


@needs_postgres
def test_a_server_that_falls_silent_after_the_handshake(postgres):
    """The line goes dead between two answers: the deadline holds, and the look's thread ends."""
    url = postgres.create(["1"])
    with Dying(postgres.port) as between:
        reachable, reason = reason_of(url.replace(f":{postgres.port}/", f":{between.port}/"), seconds=SOON)
    assert reachable
    assert "did not let its migrations be read within 5 s" in reason
    for thread in threading.enumerate():
        if thread.name == "migrations":
            thread.join(SECONDS)
            assert not thread.is_alive()


class Dying:
    """Relays to the server until the first statement that reads, then says no more."""

    def __init__(self, port):
        self._server = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._over = threading.Event()

    def __enter__(self):
        threading.Thread(target=self._relay, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._listener.close()

    def _relay(self):
        client, _ = self._listener.accept()
        with client, socket.create_connection(("127.0.0.1", self._server)) as server:
            threading.Thread(target=self._back, args=(server, client), daemon=True).start()
            while data := client.recv(65536):
                if b"SELECT" in data.upper() and b"PG_CATALOG.PG_CLASS" in data.upper():
                    self._over.wait(30)
                    return
                server.sendall(data)

    @staticmethod
    def _back(server, client):
        try:
            while data := server.recv(65536):
                client.sendall(data)
        except OSError:
            return  # the look has left


# -- SQLite ----------------------------------------------------------------------------------


def make(file, *statements):
    with closing(sqlite3.connect(file)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return f"sqlite:///{file}"


def test_sqlite_versions_are_read(tmp_path):
    rows = ("CREATE TABLE schema_migrations (version TEXT)", "INSERT INTO schema_migrations VALUES ('7')")
    assert look(Secret(make(tmp_path / "a b#c.sqlite", *rows))) == Look(True, ("7",))


def test_sqlite_without_the_table(tmp_path):
    assert reason_of(make(tmp_path / "empty.sqlite")) == (True, "there is no table schema_migrations")


def test_a_missing_file_is_told_and_not_made(tmp_path):
    assert reason_of(f"sqlite:///{tmp_path}/none.sqlite") == (False, "the database file does not exist")
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / "x.sqlite").write_text("not a database, whatever its name says" * 50)
    assert "not a database" in reason_of(f"sqlite:///{tmp_path}/x.sqlite")[1]


# -- addresses that can't be read ------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "host=db user=smoke password=canary-word",
        "postgresql://smoke:canary-word@db:port/name",
        "postgresql://smoke:half@canary-word@db/name",
        "canary-word",
    ],
)
def test_an_unreadable_address_is_not_repeated(url):
    reachable, reason = reason_of(url)
    assert not reachable
    assert "its URL can't be read" in reason
    assert "canary" not in reason


def test_another_kind_of_database():
    assert "neither PostgreSQL nor SQLite" in reason_of("mysql://smoke:canary-word@db/name")[1]
