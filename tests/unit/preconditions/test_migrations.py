"""The migrations that a repository holds, and what a database says held against them (PRE-5)."""

import pytest

from pytest_smokedeploy.database import migration_files
from pytest_smokedeploy.database.migration_files import MigrationFiles
from pytest_smokedeploy.model import Basis
from pytest_smokedeploy.preconditions import database
from pytest_smokedeploy.support.errors import SmokedeployError

REVISION = "revision = {!r}\ndown_revision = {!r}\nbranch_labels = None\ndepends_on = None\n"


@pytest.fixture
def alembic(tmp_path):
    """alembic(a=None, b="a") -> a folder whose revisions follow each other so."""

    def make(**revisions):
        versions = tmp_path / "alembic" / "versions"
        versions.mkdir(parents=True, exist_ok=True)
        for name, before in revisions.items():
            (versions / f"{name}_what.py").write_text(REVISION.format(name, before))
        return versions.parent

    return make


def fault(folder, tool):
    with pytest.raises(SmokedeployError) as raised:
        migration_files.read(folder, tool)
    assert raised.value.clause == "PRE-5"
    return str(raised.value)


def test_alembics_folder_and_its_versions_serve_alike(alembic):
    folder = alembic(a=None, b="a", c="a")
    found = migration_files.read(folder, "alembic")
    assert found == MigrationFiles(("b", "c"), frozenset("abc"))
    assert migration_files.read(folder / "versions", "alembic") == found


def test_no_revision_yet(alembic):
    (alembic() / "env.py").write_text("")
    assert migration_files.read(alembic(), "alembic") == MigrationFiles((), frozenset())


def test_no_revision_among_others(alembic):
    (alembic() / "versions" / "notes.txt").write_text("")
    assert "alembic holds notes.txt and no Alembic revision" in fault(alembic(), "alembic")


@pytest.mark.parametrize("tool", ["sql", "alembic"])
def test_no_folder(tmp_path, tool):
    assert f"folder {tmp_path}/nowhere is missing" in fault(tmp_path / "nowhere", tool)
    (tmp_path / "file").write_text("")
    assert f"folder {tmp_path}/file can't be read: Not a directory" in fault(tmp_path / "file", tool)


def test_sql_files_by_their_number(tmp_path):
    more = ("README.md", "0004_c.txt", ".5_hidden.sql")
    for name in ("0001_a.sql", "0002_b.up.sql", "0002_b.down.sql", "3.SQL", *more):
        (tmp_path / name).write_text("")
    found = migration_files.read(tmp_path, "sql")
    versions = ("0001", "0002", "3")
    names = ("0001_a.sql", "0002_b.up.sql", "3.SQL")
    assert found == MigrationFiles(versions, frozenset(versions), (("0001_a", "0002_b", "3"), names))


@pytest.mark.parametrize(
    ("files", "applied", "holds"),
    [
        (("V1__a.sql", "V2__b.sql"), ["1", "2"], True),
        (("V1.1__a.sql", "V1.2__b.sql"), ["1.1", "1.2"], True),
        (("V1.1__a.sql", "V1.2__b.sql"), ["1.1"], False),
        (("20260131-a.sql", "20260201-b.sql"), ["20260131", "20260201"], True),
        (("V1__a.sql", "R__views.sql"), ["1"], False),
        # Two files whose numbers mean the same: one row proves only one of them.
        (("001.sql", "1_b.sql"), ["1"], False),
        (("001.sql", "1.sql"), ["1"], False),
        (("001.sql", "1.sql"), ["001.sql", "1.sql"], True),
    ],
)
def test_a_table_may_hold_the_number_where_each_file_has_its_own(tmp_path, files, applied, holds):
    for name in files:
        (tmp_path / name).write_text("")
    assert database.compare(applied, migration_files.read(tmp_path, "sql"), Basis.SEEN).holds is holds


def test_two_files_of_one_version_are_told_apart(tmp_path):
    for name in ("001_a.sql", "001_b.sql"):
        (tmp_path / name).write_text("")
    found = migration_files.read(tmp_path, "sql")
    assert database.compare(["001_a.sql"], found, Basis.SEEN).seen == "not applied: 001_b.sql"
    assert database.compare(["001"], found, Basis.SEEN).seen == "applied but unknown here: 001"


@pytest.mark.parametrize("name", ["001.py", "README.md", "2026"])
def test_no_sql_file_among_others(tmp_path, name):
    (tmp_path / name).mkdir()
    assert f"holds {name} and no file named" in fault(tmp_path, "sql")


def test_sql_below_the_folder_is_refused_and_not_passed_over(tmp_path):
    for name in ("0001_a.sql", "down/0001_a.sql", "seeds/events.sql", ".old/0003_c.sql"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    assert migration_files.read(tmp_path, "sql").wanted == ("0001",)
    (tmp_path / "seeds" / "0002_b.sql").write_text("")
    assert "holds seeds/0002_b.sql, and only files in itself are read" in fault(tmp_path, "sql")


def test_a_revision_below_the_folder_is_refused_and_not_passed_over(alembic):
    below = alembic(a=None) / "versions" / "2026"
    below.mkdir()
    (below / "tools.py").write_text("")
    assert migration_files.read(below.parent, "alembic").wanted == ("a",)
    (below / "b.py").write_text(REVISION.format("b", "a"))
    assert "versions holds 2026/b.py, and only files in itself are read" in fault(below.parent, "alembic")


@pytest.mark.parametrize("kept_by", [(), (".gitkeep",)])
def test_no_migration_yet(tmp_path, kept_by):
    for name in kept_by:
        (tmp_path / name).write_text("")
    found = migration_files.read(tmp_path, "sql")
    assert database.compare([], found, Basis.SEEN).holds is True
    assert database.compare(["001"], found, Basis.SEEN).seen == "applied but unknown here: 001"


@pytest.mark.parametrize(
    ("applied", "seen"),
    [
        (["001", "002"], "migrated as the repository is: 001, 002 the newest of 2"),
        (["1", "2"], "migrated as the repository is: 1, 2 the newest of 2"),
        (["001_init", "002_more"], "migrated as the repository is: 001_init, 002_more the newest of 2"),
        (
            ["001_init.sql", "002_more.sql"],
            "migrated as the repository is: 001_init.sql, 002_more.sql the newest of 2",
        ),
        (["001_init.sql"], "not applied: 002_more.sql"),
        (["001_init"], "not applied: 002_more"),
        # Rows of two ways are no tool's.
        (["001", "002_more.sql"], "recorded in another way than the rest: 002_more.sql"),
        (["001_init.sql", "002_other.sql"], "applied but unknown here: 002_other.sql"),
    ],
)
def test_a_table_may_hold_versions_stems_or_names(tmp_path, applied, seen):
    for name in ("001_init.sql", "002_more.sql"):
        (tmp_path / name).write_text("")
    found = migration_files.read(tmp_path, "sql")
    assert database.compare(applied, found, Basis.SEEN).seen == seen


# -- what a database says ---------------------------------------------------------------------

SQL = MigrationFiles(("0001", "0002"), frozenset({"0001", "0002"}))
HEADS = MigrationFiles(("c", "d"), frozenset("abcd"))


@pytest.mark.parametrize(
    ("applied", "files", "holds", "words"),
    [
        (("0001", "0002"), SQL, True, "0002 the newest of 2"),
        (("1", "2"), SQL, True, "migrated as the repository is"),
        (("0001",), SQL, False, "not applied: 0002"),
        ((), SQL, False, "not applied: 0001, 0002"),
        (("0001", "0002", "0003"), SQL, False, "applied but unknown here: 0003"),
        # Behind and ahead at once: another commit's database.
        (("0001", "0003"), SQL, False, "unknown here: 0003"),
        (("c", "d"), HEADS, True, "migrated"),
        (("d", "c"), HEADS, True, "migrated"),
        (("c",), HEADS, False, "not applied: d"),
        (("b",), HEADS, False, "it stands at b"),
        (("c", "d", "a"), HEADS, False, "holds a beside the heads"),
        (("0001",), None, True, "no folder to compare with"),
        ((), None, False, "0 migrations applied"),
    ],
)
def test_applied_migrations_are_held_against_the_repositorys(applied, files, holds, words):
    found = database.compare(applied, files, Basis.SEEN)
    assert (found.holds, words in found.seen) == (holds, True), found.seen
    assert bool(found.remedy) is not holds


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "knows no database"),
        ([], "knows no database"),
        ({}, "it gives no reason"),
        ({"reachable": "true", "applied": ["0001", "0002"]}, "can't reach it"),
        ({"reachable": False, "reason": "refused"}, "refused"),
        ({"reachable": True}, "no migrations table"),
        ({"reachable": True, "applied": "0001"}, "can't be read"),
        ({"reachable": True, "applied": [1, 2]}, "can't be read"),
        ({"reachable": True, "applied": ["0001"]}, "not applied: 0002"),
    ],
)
def test_what_an_agent_tells_is_not_taken_for_more(answer, words):
    found = database.told(answer, SQL)
    assert (found.holds, found.basis, words in found.seen) == (False, Basis.TOLD, True), found.seen


def test_what_an_agent_tells_of_a_migrated_one():
    found = database.told({"reachable": True, "applied": ["0001", "0002"]}, SQL)
    assert (found.holds, found.basis) == (True, Basis.TOLD)


def test_an_address_that_is_not_set():
    found = database.direct(None, "schema_migrations", SQL)
    assert (found.holds, "database.url_variable" in found.remedy) == (False, True)
