"""What is read of Alembic's revisions is what Alembic's own upgrade leaves in its table."""

import pytest
import sqlalchemy
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory

from pytest_smokedeploy.database import alembic_revisions
from pytest_smokedeploy.support.errors import SmokedeployError

BODY = "\n\ndef upgrade():\n    revision = down_revision = 0\n\n\ndef downgrade():\n    pass\n"


@pytest.fixture
def folder(tmp_path):
    """folder(name=text) -> the folder `versions` with these files, each a revision's whole head."""

    def make(**files):
        versions = tmp_path / "versions"
        versions.mkdir(exist_ok=True)
        for name, text in files.items():
            (versions / f"{name}.py").write_text(f"{text}{BODY}")
        return versions

    return make


def head(revision, down=None, **more):
    """The head of a revision's file."""
    fields = {"revision": revision, "down_revision": down, **more}
    return "".join(f"{name} = {value!r}\n" for name, value in fields.items())


def of_alembic(folder):
    """The table's rows after `alembic upgrade heads`, and every revision there is."""
    scripts = ScriptDirectory(str(folder), version_locations=[str(folder)])
    with sqlalchemy.create_engine("sqlite://").connect() as connection:
        upgrade = EnvironmentContext(
            Config(), scripts, fn=lambda rev, _context: scripts._upgrade_revs("heads", rev)
        )
        with upgrade:
            upgrade.configure(connection=connection)
            upgrade.run_migrations()
        rows = connection.execute(sqlalchemy.text("SELECT version_num FROM alembic_version"))
        applied = tuple(sorted(row[0] for row in rows))
    return applied, frozenset(script.revision for script in scripts.walk_revisions())


ANNOTATED = (
    '"""What it does.\n\nRevision ID: b\n"""\nfrom collections.abc import Sequence\n\n'
    "revision: str = 'b'\ndown_revision: str | None = 'a'\n"
    "branch_labels: str | Sequence[str] | None = None\ndepends_on: str | Sequence[str] | None = None\n"
)
SOUND = {
    "none": ((), {}),
    "one": (("a",), {"a": head("a")}),
    "a chain": (("c",), {"1": head("a"), "2": head("b", "a"), "3": head("c", "b")}),
    "annotated": (("b",), {"a": head("a"), "b": ANNOTATED}),
    "a tuple of one": (("b",), {"a": head("a"), "b": head("b", ("a",))}),
    "a list": (("b",), {"a": head("a"), "b": head("b", ["a"])}),
    "two branches": (("b", "c"), {"a": head("a"), "b": head("b", "a"), "c": head("c", "a")}),
    "a merge": (
        ("d",),
        {"a": head("a"), "b": head("b", "a"), "c": head("c", "a"), "d": head("d", ("b", "c"))},
    ),
    "two bases": (("a", "b"), {"a": head("a"), "b": head("b")}),
    # The table holds no head that another revision depends on.
    "depends on a head": (
        ("c",),
        {"a": head("a"), "b": head("b", "a"), "c": head("c", depends_on="b")},
    ),
    "depends on two": (
        ("d",),
        {"a": head("a"), "c": head("c", "a"), "b": head("b"), "d": head("d", depends_on=("c", "b"))},
    ),
    "depends on an ancestor": (
        ("c",),
        {"a": head("a"), "b": head("b", "a"), "c": head("c", "b", depends_on="a")},
    ),
    "depends on a label": (
        ("b", "c"),
        {"a": head("a", branch_labels=("net",)), "b": head("b", "a"), "c": head("c", depends_on="net")},
    ),
    "one declaration of two names": (("a",), {"a": "revision = up_revision = 'a'\ndown_revision = None\n"}),
    "text in two parts": (("ab",), {"a": "revision = 'a' 'b'\ndown_revision = None\n"}),
    "an escape that Python warns of": (("a",), {"a": head("a") + "words = '\\d'\n"}),
    "files that are none": (("a",), {"a": head("a"), "__init__": "", ".#a": "<<<"}),
}


@pytest.mark.parametrize(("wanted", "files"), SOUND.values(), ids=SOUND)
@pytest.mark.filterwarnings("ignore:invalid escape sequence")
def test_what_is_read_is_what_alembic_leaves_in_its_table(folder, wanted, files):
    found = alembic_revisions.read(folder(**files))
    assert found[0] == wanted
    assert found == of_alembic(folder())


LITERAL = "must be set once, to a text, a tuple of texts or None, as a literal"
BROKEN = {
    "made by a call": (
        "b.py:1: revision must be set once",
        "revision = str('b')\ndown_revision = None\n",
    ),
    "made of a name": (
        f"b.py:3: down_revision {LITERAL}",
        "x = 'a'\nrevision = 'b'\ndown_revision = x\n",
    ),
    "a number": (
        "b.py:1: revision must be set once, to a text, as",
        "revision = 1\ndown_revision = None\n",
    ),
    "no text": ("b.py:1: revision", "revision = None\ndown_revision = None\n"),
    "a map": ("b.py:2: down_revision", "revision = 'b'\ndown_revision = {'a': 1}\n"),
    "set twice": ("b.py:3: revision", "revision = 'b'\ndown_revision = None\nrevision = 'c'\n"),
    "set in a branch": ("b.py:3: depends_on", head("b") + "if True:\n    depends_on = 'a'\n"),
    "added to": ("b.py:3: down_revision", head("b", ("a",)) + "down_revision += ('a',)\n"),
    "taken apart": ("b.py:1: revision", "revision, down_revision = 'b', None\n"),
    "imported": ("b.py:3: depends_on", head("b") + "from x import y as depends_on\n"),
    "declared alone": ("b.py:3: depends_on", head("b") + "depends_on: str\n"),
    "no revision": ("b.py:1: no revision of Alembic's: it sets no revision and no down_revision", "x = 1\n"),
    "nothing before it": ("b.py:1: no revision of Alembic's: it sets no down_revision", "revision = 'b'\n"),
    "no Python": ("b.py:2: it can't be read as Python", "revision = 'b'\ndown_revision = (\n"),
    "a NUL": ("b.py:1: it can't be read as Python", "revision = 'b\0'\n"),
    "follows nothing there": ("b.py:2: the down_revision 'gone' is no revision of this", head("b", "gone")),
    "depends on nothing there": ("b.py:3: the depends_on 'a@head' is no", head("b", depends_on="a@head")),
    "another's revision": ("b.py:1: the revision 'a' is taken", head("a", None)),
    "another's label": ("b.py:3: the branch_labels 'a' is taken", head("b", branch_labels="a")),
    "a circle": ("b.py:1: revisions in a circle: 'b', 'b'", head("b", "b")),
}


@pytest.mark.parametrize(("words", "text"), BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_read_is_named_with_file_and_line(folder, words, text):
    with pytest.raises(SmokedeployError) as raised:
        alembic_revisions.read(folder(a=head("a"), b=text))
    assert raised.value.clause == "PRE-5"
    assert str(raised.value).startswith(f"versions/{words}")


def test_nothing_of_a_revision_is_run(folder, tmp_path):
    made = tmp_path / "made"
    text = head("a") + f"open({str(made)!r}, 'w')\n"
    assert alembic_revisions.read(folder(a=text))[0] == ("a",)
    assert not made.exists()
