"""Documents made from the code are what the code makes of them today."""

import re

import jsonschema
import pytest
import yaml

from pytest_smokedeploy.model import CLAUSES
from tests.documents import settings
from tests.documents.made import MADE, ROOT


@pytest.mark.parametrize("name", list(MADE))
def test_the_document_is_up_to_date(name):
    assert (ROOT / name).read_text(encoding="utf-8") == MADE[name](), "run: python -m tests.documents"


def test_the_schema_takes_the_repositorys_own_settings():
    data = yaml.safe_load((ROOT / "smoke_tests" / "smokedeploy.yml").read_text())
    jsonschema.validate(data, settings.schema())


def test_the_schema_refuses_an_unknown_key():
    with pytest.raises(jsonschema.ValidationError, match="picture"):
        jsonschema.validate({"picture": 1}, settings.schema())


def test_every_link_inside_the_documents_leads_somewhere():
    for file in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", file.read_text()):
            assert (file.parent / target).exists(), f"{file.name}: {target}"


def test_every_clause_stands_in_the_clauses_page():
    text = (ROOT / "docs" / "clauses.md").read_text()
    for clause in CLAUSES:
        assert f"| {clause.id} |" in text
