"""A hook of a conftest that raises: refused with its file, its line and what to do."""

from pathlib import Path

import pytest

from pytest_smokedeploy.plugin.rehearsal_stack import made
from pytest_smokedeploy.support.errors import MisuseError


def hook(error):
    def pytest_smokedeploy_rehearsal(folder, options):
        raise error

    return pytest_smokedeploy_rehearsal


def test_its_answer_is_the_world(tmp_path):
    world = object()
    assert made(lambda folder, options: world, tmp_path, None) is world


def test_its_error_names_the_file_and_the_line(tmp_path):
    error = FileNotFoundError(2, "No such file or directory", "runtime.sh")
    with pytest.raises(MisuseError) as raised:
        made(hook(error), tmp_path, None)
    words = str(raised.value)
    assert words.startswith(f"{Path(__file__)}:13: pytest_smokedeploy_rehearsal raised FileNotFoundError: ")
    assert "'runtime.sh'" in words
    assert words.endswith("Mend that hook, which makes the world of a rehearsal.")


def test_a_missing_extra_is_named(tmp_path):
    with pytest.raises(MisuseError, match=r"with its extra `rehearsal`\.$"):
        made(hook(ModuleNotFoundError("No module named 'starlette'")), tmp_path, None)


def test_an_error_of_the_gates_own_is_left_as_it_is(tmp_path):
    with pytest.raises(MisuseError, match=r"^no engine$"):
        made(hook(MisuseError("no engine")), tmp_path, None)
