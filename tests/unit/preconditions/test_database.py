"""PRE-5 by the agent's word and by the repository's files, each finding to the letter."""

import sqlite3
import sys
from contextlib import closing
from dataclasses import replace

import pytest

from pytest_smokedeploy.database.migration_files import MigrationFiles
from pytest_smokedeploy.model import Basis, Finding
from pytest_smokedeploy.preconditions import database, workflow_file
from pytest_smokedeploy.support.redaction import Secret

EXPECTED = "the database reachable, with exactly the migrations the repository holds"
NONE_YET = "Where there is no migration yet, name a folder with a .gitkeep alone in database.migrations."
THREE = MigrationFiles(("0001", "0002", "0003"), frozenset({"0001", "0002", "0003"}))
HEADS = MigrationFiles(("bb",), frozenset({"aa", "bb"}))


def told(holds, seen, remedy=""):
    return Finding("PRE-5", holds, EXPECTED, seen, Basis.TOLD, remedy=remedy)


@pytest.mark.parametrize(
    ("applied", "files", "finding"),
    [
        (["0001", "0002", "0003"], THREE, (True, "0001, 0002, 0003 the newest of 3")),
        (["1", "2", "3"], THREE, (True, "1, 2, 3 the newest of 3")),
        (["0001", "0003"], THREE, (False, "not applied: 0002", "Migrate the database first.")),
        ([], THREE, (False, "not applied: 0001, 0002, 0003", "Migrate the database first.")),
        (
            ["0001", "0002", "0003", "0004", "0005"],
            THREE,
            (False, "applied but unknown here: 0004, 0005", "Deploy the matching commit."),
        ),
        (["bb"], HEADS, (True, "bb the newest of 1")),
        (["aa"], HEADS, (False, "not applied: bb (it stands at aa)", "Migrate the database first.")),
        (
            ["aa", "bb"],
            HEADS,
            (False, "its table holds aa beside the heads", "Look what left it there."),
        ),
        (["x"], None, (True, "1 migrations applied; no folder to compare with")),
        (
            [],
            None,
            (
                False,
                "0 migrations applied; no folder to compare with",
                f"Migrate the database first. {NONE_YET}",
            ),
        ),
    ],
)
def test_what_was_applied_is_held_against_the_files(applied, files, finding):
    holds, seen, *remedy = finding
    if holds and files:
        seen = f"migrated as the repository is: {seen}"
    assert database.told({"reachable": True, "applied": applied}, files) == told(holds, seen, *remedy)


def test_ever_so_many_names_stay_one_line():
    files = MigrationFiles(tuple(f"a{n:04}" for n in range(200)), frozenset())
    found = database.told({"reachable": True, "applied": []}, files)
    assert len(found.seen) == 300


@pytest.mark.parametrize(
    ("answer", "seen", "remedy"),
    [
        (None, "the agent knows no database", "Give the agent DATABASE_URL."),
        ("yes", "the agent knows no database", "Give the agent DATABASE_URL."),
        (
            {},
            "the agent can't reach it: it gives no reason",
            "Start it, or mend its URL or the agent's installation on the server.",
        ),
        (
            {"reachable": "true", "applied": ["0001"]},
            "the agent can't reach it: it gives no reason",
            "Start it, or mend its URL or the agent's installation on the server.",
        ),
        (
            {"reachable": False, "reason": "refused"},
            "the agent can't reach it: refused",
            "Start it, or mend its URL or the agent's installation on the server.",
        ),
        (
            {"reachable": True},
            "its migrations can't be read: no migrations table",
            "Migrate the database first.",
        ),
        (
            {"reachable": True, "applied": None, "reason": "no rights"},
            "its migrations can't be read: no rights",
            "Migrate the database first.",
        ),
        (
            {"reachable": True, "applied": ["0001", 2]},
            "its migrations can't be read: no migrations table",
            "Migrate the database first.",
        ),
    ],
)
def test_an_agent_that_cannot_tell_is_no_migrated_database(answer, seen, remedy):
    assert database.told(answer, THREE) == told(False, seen, remedy)


def test_a_direct_look_without_an_address_is_no_look():
    found = database.direct(None, "schema_migrations", THREE)
    assert (found.holds, found.seen, found.basis) == (False, "its URL is not set", Basis.SEEN)
    assert found.remedy == "Set the variable that database.url_variable names."


@pytest.fixture
def sqlite(tmp_path):
    """sqlite(*versions, table) -> the URL of a database with such a table of applied migrations."""

    def make(*versions, table="schema_migrations"):
        file = tmp_path / "database.sqlite"
        with closing(sqlite3.connect(file)) as connection:
            connection.execute(f"CREATE TABLE {table} (version TEXT PRIMARY KEY)")
            connection.executemany(f"INSERT INTO {table} VALUES (?)", [(v,) for v in versions])  # noqa: S608 - a test's own name
            connection.commit()
        return Secret(f"sqlite:///{file}")

    return make


def seen_by(url, table="schema_migrations"):
    found = database.direct(url, table, THREE)
    assert found.basis is Basis.SEEN
    return found.holds, found.seen, found.remedy


def test_a_direct_look_sees_what_was_applied(sqlite):
    url = sqlite("0001", "0002", "0003")
    assert seen_by(url) == (True, "migrated as the repository is: 0001, 0002, 0003 the newest of 3", "")


def test_a_direct_look_sees_what_was_not(sqlite):
    assert seen_by(sqlite("0001")) == (False, "not applied: 0002, 0003", "Migrate the database first.")


def test_a_direct_look_at_another_table(sqlite):
    assert seen_by(sqlite("0001", "0002", "0003", table="applied"), "applied")[0] is True
    remedy = "Migrate it, or let the user of its URL read the table."
    assert seen_by(sqlite(table="another")) == (False, "there is no table schema_migrations", remedy)


def test_a_direct_look_at_a_database_that_is_not_there(tmp_path):
    remedy = "Start it, create it, or mend its URL (user and password too)."
    url = Secret(f"sqlite:///{tmp_path / 'none'}")
    assert seen_by(url) == (False, "the database file does not exist", remedy)


INSTALL = "run: python3 -m venv .venv && .venv/bin/pip install --quiet "


@pytest.fixture
def by_name(run_of):
    """by_name(in_actions, requirement) -> PRE-5 by `proof: direct` of a checkout that installs it so."""

    def make(in_actions, requirement="pytest-smokedeploy==0.1.0"):
        run = run_of(database={"proof": "direct"})
        file = run.workflow_file
        file.write_text(file.read_text().replace(f"{INSTALL}.", f"{INSTALL}{requirement}"))
        run = replace(run, github=replace(run.github, in_actions=in_actions))
        return database.in_checkout(run, workflow_file.read(file))

    return make


def test_a_workflow_that_installs_no_driver_is_named_with_what_to_write(by_name):
    assert by_name(in_actions=False) == Finding(
        "PRE-5",
        False,
        "the gate installed with the extra `database`, as `database.proof: direct` needs",
        "deploy.yml:45 installs `pytest-smokedeploy==0.1.0`, without it",
        meaning="The gate could not look at the database.",
        remedy="Write `pytest-smokedeploy[database]==0.1.0` there.",
    )
    assert by_name(in_actions=False, requirement="'pytest-smokedeploy[database]'") is None


def test_in_the_job_what_is_installed_counts(by_name, monkeypatch):
    assert by_name(in_actions=True) is None
    monkeypatch.setattr(database, "find_spec", lambda _name: None)
    assert "deploy.yml:45 installs" in by_name(in_actions=True).seen
    assert by_name(in_actions=True, requirement=".") is None


@pytest.mark.parametrize("missing", ["sqlalchemy", "psycopg"])
def test_what_a_connection_needs_and_is_not_installed_is_named(monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    found = database.direct(Secret("postgresql://smoke@127.0.0.1:1/name"), "schema_migrations", THREE)
    assert found.seen == f"{missing} is not installed here; install pytest-smokedeploy[database]"
    assert (
        found.remedy == "Install it where the gate is installed: in the workflow's step, or on this machine."
    )
