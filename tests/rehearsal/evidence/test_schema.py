"""`evidence.json` is what its schema says, whatever the run's end."""

import json
from importlib.resources import files

import jsonschema
import pytest

from tests.rehearsal.gallery.gate import gate

SCHEMA = json.loads((files("pytest_smokedeploy") / "schemas" / "evidence.schema.json").read_text())


@pytest.mark.parametrize("world", ["", "an order", "no tunnel", "prod"])
def test_a_run_keeps_to_it(world, tmp_path):
    options = ("--smokedeploy-environment", "prod") if world == "prod" else ()
    document = gate(tmp_path, *options, world=world).document
    jsonschema.validate(document, SCHEMA)
    assert set(document) == set(SCHEMA["properties"])


def test_a_killed_run_keeps_to_it_too(written):
    folder = written().start().write()
    document = json.loads((folder / "evidence.json").read_text())
    jsonschema.validate(document, SCHEMA)
    assert document["finished"] is False
