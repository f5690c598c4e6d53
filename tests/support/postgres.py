"""A PostgreSQL cluster of the tests' own: made, started on loopback, and taken away again.

Tests mark themselves `needs_postgres` and ask for the fixture `postgres`; each makes databases of its own:

    url = postgres.create(["0001", "0002"])                       # schema_migrations(version)
    url = postgres.create(["a1b2"], "alembic_version", "version_num")
    url = postgres.create(None)                                   # a database without the table
    url = postgres.url("never_made")                              # no such database
    url = postgres.url("postgres", password="wrong")
    with closed_port_url() as url: ...                            # the server is down
    with silent_url() as url: ...                                 # it accepts and never answers
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.needs import POSTGRES_BIN

USER = "smoke"
_SYSTEM_USER = "postgres"
_SECONDS = 60
_TRIES = 5


class Postgres:
    """One cluster in a folder of its own; its superuser is `USER` with the password `password`."""

    def __init__(self):
        programs = sorted(POSTGRES_BIN.glob("*/bin"))
        self._bin = programs[-1]
        # The server refuses to run as root, and root's temporary folders are closed to others.
        self._as = _SYSTEM_USER if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="smokedeploy-pg-"))
        # Characters that a URL spells differently: a reader that shows one spelling is caught.
        self.password = f"{secrets.token_hex(8)}/@%{secrets.token_hex(8)}"
        self.port = 0

    def start(self):
        """Make the cluster and start it on a port that the system chooses."""
        secret = self.folder / "password"
        secret.write_text(self.password)
        if self._as:
            for path in (self.folder, secret):
                shutil.chown(path, self._as)
        self._run("initdb", "-D", "data", "-U", USER, "-A", "scram-sha-256", "--pwfile=password", "--no-sync")
        for left in reversed(range(_TRIES)):
            self.port = _free_port()
            options = f"-c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
            options += f" -c fsync=off -p {self.port}"
            try:
                self._run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", options, "start")
            except AssertionError:
                if not left:  # somebody else may have taken the port in between; not this often
                    raise
            else:
                return

    def stop(self):
        """Stop it and take its folder away; safe to call at any point of `start`."""
        if (self.folder / "data" / "postmaster.pid").exists():
            self._run("pg_ctl", "-D", "data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder)

    def url(self, database, *, user=USER, password=None):
        """The address of a database, whether it exists or not."""
        secret = quote(self.password if password is None else password, safe="")
        return f"postgresql://{user}:{secret}@127.0.0.1:{self.port}/{database}"

    def create(
        self, versions: Sequence[str] | None, table: str = "schema_migrations", column: str = "version"
    ) -> str:
        """A new database whose `table` holds `versions`; None: without the table. Returns its URL."""
        name = f"d{secrets.token_hex(6)}"
        self.execute("postgres", f"CREATE DATABASE {name}")
        if versions is not None:
            self.execute(name, f"CREATE TABLE {table} ({column} varchar(64) PRIMARY KEY)")
            for version in versions:
                self.execute(name, f"INSERT INTO {table} VALUES (%s)", (version,))  # noqa: S608 - names of the test's own
        return self.url(name)

    def execute(self, database, statement, values=None):
        """Run one statement as the superuser."""
        import psycopg  # noqa: PLC0415 - only where there is a server

        with psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=USER,
            password=self.password,
            dbname=database,
            autocommit=True,
        ) as connection:
            connection.execute(statement, values)

    def _run(self, program, *arguments):
        # Into a file: a started server would hold a pipe open for ever.
        with (self.folder / "said").open("w+") as said:
            done = subprocess.run(
                [str(self._bin / program), *arguments],
                cwd=self.folder,
                user=self._as,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                timeout=_SECONDS,
                check=False,
            )
            said.seek(0)
            assert done.returncode == 0, f"{program}: {said.read()}"


def _free_port():
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def closed_port_url() -> Iterator[str]:
    """The URL of a server that is down: the port is held, and nothing listens there."""
    with closing(socket.socket()) as held:
        held.bind(("127.0.0.1", 0))
        yield f"postgresql://{USER}:secret-of-a-test@127.0.0.1:{held.getsockname()[1]}/postgres"


@contextmanager
def silent_url() -> Iterator[str]:
    """The URL of a server that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        yield f"postgresql://{USER}:secret-of-a-test@127.0.0.1:{held.getsockname()[1]}/postgres"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One cluster for all tests of a session."""
    cluster = Postgres()
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
