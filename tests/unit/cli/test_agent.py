"""``smokedeploy agent`` where its extra is not installed."""

import sys

import pytest

from pytest_smokedeploy.cli.main import main


@pytest.mark.parametrize("arguments", [[], ["init"], ["--check"]])
def test_an_extra_that_is_not_installed_is_named(monkeypatch, capsys, arguments):
    monkeypatch.setitem(sys.modules, "pytest_smokedeploy.agent.main", None)
    assert main(["agent", *arguments]) == 1
    assert "Install pytest-smokedeploy with its extras `agent`" in capsys.readouterr().err
