"""Reads which migrations were applied to a database: read-only, with a deadline (PRE-5).

PostgreSQL and SQLite, through SQLAlchemy. The table is ``schema_migrations(version)`` or any other with
a column `version` (or Alembic's `version_num`). Both the gate and the agent look this way.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from pytest_smokedeploy.support.redaction import Sanitiser, Secret

if TYPE_CHECKING:
    import sqlalchemy

#: Seconds for the whole look, from the name's lookup to the last row.
SECONDS: Final = 5.0
COLUMNS: Final = ("version", "version_num")
_ROWS: Final = 10_000
_REASON_LENGTH: Final = 300
_NO_URL: Final = (
    "its URL can't be read: like postgresql://user:password@host:5432/name or sqlite:////file, "
    "with special characters of the password percent-encoded"
)


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a database found.

    Attributes:
        reachable: whether a connection was made.
        applied: versions in ascending order; None where they could not be read.
        reason: why one of them is lacking, without a secret; "" where nothing is.
        installed: whether this interpreter has what the look needs, the extra `database`.

    """

    reachable: bool
    applied: tuple[str, ...] | None = None
    reason: str = ""
    installed: bool = True


class _NoAnswerError(Exception):
    """A reason of our own, free of secrets."""


def look(url: Secret, table: str = "schema_migrations", seconds: float = SECONDS) -> Look:
    """Connect, read the applied versions, and leave; never raises, never takes much over `seconds`.

    Args:
        url: the database's address.
        table: the migrations table, with its schema where it has one (``public.schema_migrations``).
        seconds: the deadline of the whole look.

    """
    attempt = _Attempt(url, table, seconds)
    # A thread of its own: neither a name's lookup nor a read can be given a deadline everywhere.
    thread = threading.Thread(target=attempt.run, name="migrations", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        attempt.abandon()
        read = "can be reached, and did not let its migrations be read"
        words = read if attempt.reached else "did not answer"
        return Look(attempt.reached, None, f"the database {words} within {seconds:g} s")
    return attempt.found


class _Attempt:
    """One look; `found` holds what it came to."""

    def __init__(self, url: Secret, table: str, seconds: float) -> None:
        self.found = Look(reachable=False, reason="no reason given")
        self.reached = False
        self._url = url
        self._table = table
        self._seconds = seconds
        self._sanitiser = Sanitiser([url])
        self._socket: socket.socket | None = None

    def run(self) -> None:
        """Look, and keep what was found."""
        try:
            import sqlalchemy  # noqa: PLC0415 - the extra `database`

            self.found = Look(True, self._read(sqlalchemy))
        except ImportError as error:
            words = f"{error.name or 'a module'} is not installed here; install pytest-smokedeploy[database]"
            self.found = Look(reachable=False, reason=words, installed=False)
        except _NoAnswerError as error:
            self.found = Look(self.reached, None, str(error))
        except Exception as error:  # noqa: BLE001 - drivers raise what they like, and every failure is told
            self.found = Look(self.reached, None, self._words(error))
        finally:
            if self._socket is not None:
                self._socket.close()

    def abandon(self) -> None:
        """Cut the connection, so that a read that hangs ends, and its thread with it."""
        # The descriptor is a copy: the driver's own must not be closed under its feet.
        with suppress(OSError):
            if (held := self._socket) is not None:
                held.shutdown(socket.SHUT_RDWR)

    def _read(self, sqlalchemy: Any) -> tuple[str, ...]:  # noqa: ANN401 - a module
        address, options = self._address(sqlalchemy)
        engine = sqlalchemy.create_engine(address, poolclass=sqlalchemy.NullPool, connect_args=options)
        with engine.connect() as connection:
            self.reached = True
            if address.get_backend_name() == "postgresql":
                self._hold(connection)
            return self._applied(sqlalchemy, connection)

    def _address(self, sqlalchemy: Any) -> tuple[sqlalchemy.URL, Mapping[str, Any]]:  # noqa: ANN401 - a module
        """The address under the drivers that come with the extra, and what to connect with."""
        try:
            address = sqlalchemy.make_url(self._url.reveal().strip())
            backend = address.get_backend_name()
        except (sqlalchemy.exc.ArgumentError, ValueError, TypeError):
            # Not a word of the error: it may repeat half a password.
            raise _NoAnswerError(_NO_URL) from None
        if address.password:
            self._sanitiser.add(Secret(str(address.password)))
        for name, value in address.query.items():
            if "password" in name:
                self._sanitiser.add(Secret(str(value)))
        if backend in {"postgresql", "postgres"}:
            if "@" in (address.host or ""):
                raise _NoAnswerError(_NO_URL)
            # Whatever driver the application names: ours is the one that is installed.
            wait = max(2, int(self._seconds) - 1)
            return address.set(drivername="postgresql+psycopg"), {"connect_timeout": wait}
        if backend != "sqlite":
            raise _NoAnswerError("its URL names neither PostgreSQL nor SQLite, and only these two are asked")
        file = Path(address.database or "")
        if not file.is_file():
            raise _NoAnswerError("the database file does not exist")
        # Read-only: a look must not create what it looks for.
        query = {"mode": "ro", "uri": "true"}
        address = sqlalchemy.URL.create("sqlite", database=f"file:{quote(str(file.absolute()))}", query=query)
        return address, {"timeout": self._seconds / 2}

    def _hold(self, connection: sqlalchemy.Connection) -> None:
        """Read-only, no longer than the deadline on the server either, and to be cut from outside."""
        import sqlalchemy  # noqa: PLC0415 - there by now

        driver = connection.connection.dbapi_connection
        if driver is not None:
            self._socket = socket.socket(fileno=os.dup(driver.fileno()))
        connection.execution_options(postgresql_readonly=True)
        connection.execute(sqlalchemy.text(f"SET LOCAL statement_timeout = {int(self._seconds * 1000)}"))

    def _applied(self, sqlalchemy: Any, connection: sqlalchemy.Connection) -> tuple[str, ...]:  # noqa: ANN401
        schema, _, name = self._table.rpartition(".")
        inspector = sqlalchemy.inspect(connection)
        if not inspector.has_table(name, schema=schema or None):
            raise _NoAnswerError(f"there is no table {self._table}")
        there = {column["name"] for column in inspector.get_columns(name, schema=schema or None)}
        key = next((column for column in COLUMNS if column in there), None)
        if key is None:
            raise _NoAnswerError(f"the table {self._table} has neither a column {' nor '.join(COLUMNS)}")
        table, column = sqlalchemy.table(name, schema=schema or None), sqlalchemy.column(key)
        if "dirty" in there:
            dirty = sqlalchemy.select(column).select_from(table).where(sqlalchemy.column("dirty"))
            if connection.execute(dirty.limit(1)).first() is not None:
                raise _NoAnswerError(f"the table {self._table} says that a migration failed half-way (dirty)")
        query = sqlalchemy.select(column).select_from(table).order_by(column).limit(_ROWS + 1)
        rows = connection.execute(query).all()
        if len(rows) > _ROWS:
            raise _NoAnswerError(f"the table {self._table} holds more than {_ROWS} rows")
        return tuple(str(row[0]) for row in rows)

    def _words(self, error: Exception) -> str:
        said = str(getattr(error, "orig", None) or error).strip().splitlines()
        return self._sanitiser.text(said[0] if said else type(error).__name__)[:_REASON_LENGTH]
