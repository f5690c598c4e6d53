"""What `smokedeploy check` makes of a folder that pytest collects under settings of the project's own."""

import pytest

from pytest_smokedeploy.plugin import listing

TWICE = """import pytest
pytestmark = pytest.mark.smoke_stage('verify')
def test_a(): pass
class TestOwn:
    def test_a(self): pass
def test_a(): pass
"""


@pytest.fixture
def listed(pytester, monkeypatch):
    """listed(files, no_autoload) -> what would refuse a run of the folder `smoke_tests`, in words."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "--setup-only")

    def run(files, no_autoload="1"):
        folder = pytester.path / "smoke_tests"
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            (pytester.path / name).write_text(text)
        return [str(error) for error in listing.unfit(folder.relative_to(pytester.path), no_autoload)]

    return run


def test_two_files_of_one_name_are_named(listed, pytester):
    for folder in ("smoke_tests/one", "smoke_tests/two"):
        (pytester.path / folder).mkdir(parents=True)
        (pytester.path / folder / "test_own.py").write_text("")
    found = listed({})
    assert any("test_own.py can't be read: import file mismatch: imported module" in one for one in found)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("pytest.ini", "[pytest]\naddopts = --pdb", "--pdb does not go with a gate"),
        ("pytest.ini", "[pytest]\ntimeout_method = thread", "pytest-timeout's method `thread`"),
        ("pytest.ini", "[pytest]\naddopts = --cov=src", "collected: unrecognized arguments: --cov=src."),
        (
            "smoke_tests/conftest.py",
            "import os\nimport nope",
            "collected: smoke_tests/conftest.py:2: ModuleNot",
        ),
        ("smoke_tests/conftest.py", "def (", "smoke_tests/conftest.py:1: SyntaxError: invalid syntax."),
        ("smoke_tests/conftest.py", "raise SystemExit(0)", "it ends the process (SystemExit: 0)"),
        (
            "smoke_tests/test_own.py",
            TWICE,
            "smoke_tests/test_own.py:3: test_a is defined again in line 6, and only the last one runs.",
        ),
        (
            "smoke_tests/conftest.py",
            "def pytest_collection_modifyitems():\n    raise ValueError('x')",
            "conftest.py:2: a hook failed while the checks were collected: ValueError: x.",
        ),
    ],
)
def test_what_pytest_s_settings_or_a_conftest_keep_from_being_a_gate_is_named(listed, name, text, words):
    found = listed({name: text})
    assert any(words in one for one in found), found
    assert not any("--setup-only" in one for one in found)


def test_plug_ins_are_those_of_the_run(listed):
    """The workflow loads none by itself, whatever is installed here."""
    found = listed({"pytest.ini": "[pytest]\naddopts = --reruns 2"})
    assert "unrecognized arguments: --reruns" in found[0]
    assert "Look at `PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 pytest" in found[0]
    assert "an empty smoke_tests/pytest.ini takes their place" in found[0]
