"""What the unit's user can't reach is found by links, folders hidden by the unit, owners and modes."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from pytest_smokedeploy.agent import reach
from pytest_smokedeploy.agent.reach import hindrance, hops, may_pass

#: Hides nothing.
UNIT = "[Service]\nUser=deploy-agent\nSupplementaryGroups=docker\n"


@pytest.mark.parametrize(
    ("mode", "uid", "groups", "passes"),
    [
        (0o755, 990, {990}, True),
        (0o755, None, (), True),
        (0o700, 990, {990}, False),
        (0o700, 7, (), True),
        (0o750, 990, {990, 8}, True),
        (0o750, 990, {990}, False),
        (0o751, 990, {990}, True),
        # The first that it is decides: others may, owner or group may not.
        (0o677, 7, {8}, False),
        (0o767, 990, {8}, False),
        (0o000, 0, (), True),
    ],
)
def test_the_mode_decides(mode, uid, groups, passes):
    assert may_pass(SimpleNamespace(st_mode=mode, st_uid=7, st_gid=8), uid, groups) is passes


@pytest.fixture
def by_root(monkeypatch):
    """by_root(closed) closes these folders and files of root's, and opens all others."""
    real = Path.stat

    def apply(*closed):
        def stat(path, *, follow_symlinks=True):
            if not follow_symlinks:
                return real(path, follow_symlinks=False)
            return SimpleNamespace(st_mode=0o40700 if path in closed else 0o40755, st_uid=0, st_gid=0)

        monkeypatch.setattr(Path, "stat", stat)

    return apply


@pytest.fixture
def program(tmp_path):
    """A program of an environment, by links into a folder of root's; and that folder."""
    theirs, bin_ = tmp_path / "theirs", tmp_path / "opt" / "bin"
    for folder in (theirs, bin_):
        folder.mkdir(parents=True)
    (theirs / "python3.11").write_text("")
    (theirs / "python3").symlink_to("python3.11")
    (bin_ / "python3").symlink_to(theirs / "python3")
    return bin_ / "python3", theirs


def test_each_link_is_followed(program):
    python, theirs = program
    assert list(hops(python)) == [python, theirs / "python3", theirs / "python3.11"]


def test_all_is_open(program, by_root):
    by_root()
    assert hindrance(UNIT, str(program[0]), own=False) == ""


def test_a_folder_behind_a_link_is_closed(program, by_root):
    python, theirs = program
    by_root(theirs)
    closed = f"{theirs} is closed to it (its mode is 0700)"
    words = f"the unit's user deploy-agent can't reach {theirs}/python3: {closed}"
    assert hindrance(UNIT, str(python), own=False) == words


def test_a_folder_that_the_unit_hides_is_named_with_its_line(program, by_root, monkeypatch):
    by_root()
    python, theirs = program
    monkeypatch.setattr(reach, "_HIDES", {"ProtectHome=yes": (str(theirs),)})
    words = f"{theirs}/python3 lies below {theirs}, which is hidden from the unit (ProtectHome=yes)"
    assert hindrance(f"{UNIT}ProtectHome=yes\n", str(python), own=False) == words
    assert hindrance(UNIT, str(python), own=False) == ""


@pytest.mark.parametrize("needed", [sys.executable, sys.prefix, Path(reach.__file__).parents[1]])
def test_its_own_program_needs_interpreter_environment_and_package(by_root, needed):
    by_root(Path(needed))
    assert "is closed to it" in hindrance(UNIT, "/usr/bin/env", own=True)
    assert hindrance(UNIT, "/usr/bin/env", own=False) == ""


def test_a_program_that_is_not_there_is_passed_over(tmp_path):
    assert hindrance(UNIT, str(tmp_path / "none"), own=False) == ""
