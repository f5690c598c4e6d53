"""Documents made from the code are what the code makes of them today."""

import re

import jsonschema
import pytest
import yaml

from pytest_smokedeploy.agent.settings import AgentSettings, WrongSettingsError
from pytest_smokedeploy.model import CLAUSES
from pytest_smokedeploy.plugin import fixtures
from pytest_smokedeploy.settings.model import Deadlines
from pytest_smokedeploy.support import release_commands
from tests.documents import checks, settings, ways_out
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


def test_the_schema_refuses_settings_without_both_mounts():
    data = yaml.safe_load((ROOT / "smoke_tests" / "smokedeploy.yml").read_text())
    one = {"name": "snapshots", "target": "/a"}
    jsonschema.validate(data | {"mounts": [one, one | {"name": "audit-events"}]}, settings.schema())
    for mounts in ([], [one]):
        with pytest.raises(jsonschema.ValidationError, match="audit-events"):
            jsonschema.validate(data | {"mounts": mounts}, settings.schema())


def test_every_link_inside_the_documents_leads_somewhere():
    for file in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", file.read_text()):
            assert (file.parent / target).exists(), f"{file.name}: {target}"


def test_every_clause_stands_in_the_clauses_page():
    text = (ROOT / "docs" / "clauses.md").read_text()
    for clause in CLAUSES:
        assert f"| {clause.id} |" in text


def keys(node, prefix=""):
    for name, part in node.get("properties", {}).items():
        yield f"{prefix}{name}", part
    for name, part in node.get("$defs", {}).items():
        yield from keys(part, f"{name}.")


def test_no_setting_lacks_its_description():
    whole = settings.schema()
    described = {
        name: part.get("description") or settings.resolved(part, whole) for name, part in keys(whole)
    }
    lacking = [
        name for name, words in described.items() if not isinstance(words, str) and "properties" not in words
    ]
    assert lacking == []
    for row in (ROOT / "docs" / "settings.md").read_text().splitlines():
        assert not row.startswith("| ") or row.split("|")[-2].strip(), f"no word on {row}"


def test_every_fixture_stands_in_readme_and_document_with_the_type_that_it_gives():
    there = {name: found for name, found in vars(fixtures).items() if name.startswith("smoke_")}
    assert {name: kind.__name__ for name, (kind, _) in checks.GIVES.items()} == {
        name: found.__wrapped__.__annotations__["return"].replace("ReadOnlyAgent", "AgentClient")
        for name, found in there.items()
    }
    readme = (ROOT / "README.md").read_text()
    assert re.findall(r"^\| `(smoke_\w+)` \| .+ \|$", readme, re.MULTILINE) == list(there)


@pytest.mark.parametrize("model", [model for _, _, model in checks.ANSWERS])
def test_every_key_of_an_answer_has_a_type_and_says_what_it_is_and_when_it_is_there(model):
    for key, kind, what, there in checks.keys_of(model):
        assert all((kind, what)), key
        assert there == "always" or there.startswith(("Absent ", "Null ")), key


def test_a_way_out_stands_in_the_table_by_its_test_alone():
    mark = "@pytest.mark.way_out('one', 'gate')\n"
    params = "@pytest.mark.parametrize('a', [pytest.param(1, marks=pytest.mark.way_out('two', 'step'))])\n"
    assert list(ways_out.marked(f"{mark}{params}def test_a(a): ...\n")) == [("one", "gate"), ("two", "step")]
    assert (
        list(ways_out.marked(f"KEPT = pytest.mark.way_out('one', 'gate')\n{mark}def helper(): ...\n")) == []
    )


def test_each_layer_of_the_ways_out_is_taken_and_bounded_by_settings_there_are():
    assert {layer for _, layer, _ in ways_out.found()} == set(ways_out.LAYERS)
    bounds = " ".join(bound for _, bound in ways_out.LAYERS.values())
    agents = {str(field.alias) for field in AgentSettings.model_fields.values()}
    assert set(re.findall(r"`(\w+)`", bounds)) <= agents | set(Deadlines.model_fields)


class Asked(dict):
    """An environment that is empty, and knows what it was asked for."""

    def __init__(self):
        super().__init__()
        self.names = set()

    def get(self, name, default=None):
        self.names.add(name)
        return default


def test_every_setting_of_the_agent_is_named_in_its_document():
    asked = Asked()
    with pytest.raises(WrongSettingsError):
        AgentSettings.from_environ(asked)
    assert {"ENVIRONMENT", "STATE_PATH"} <= asked.names
    # What only the process engine wants is not asked for where none is named.
    asked.names.add("PROCESS_STORE")
    text = (ROOT / "docs" / "agent.md").read_text()
    table = set(re.findall(r"^\| `([A-Z_]+)` \| .+ \| .+ \|$", text, re.MULTILINE))
    assert table == asked.names


def test_the_pages_release_a_hold_by_the_commands_that_gate_and_agent_tell():
    told = release_commands.both("/var/lib/deploy-agent", "https://deploy-agent.example.com")
    for page in ("agent.md", "after-a-run.md"):
        lines = (ROOT / "docs" / page).read_text().splitlines()
        assert set(re.findall(r"`(.+?)`", told)) <= set(lines), page


def test_a_command_with_the_agents_settings_has_them_read_as_its_unit_does():
    """systemd and a shell read an environment file differently: spaces and `&` in a value."""
    unit = (ROOT / "docs" / "deploy-agent.service").read_text()
    names = ("User", "SupplementaryGroups", "EnvironmentFile")
    properties = [f"-p {row}" for row in unit.splitlines() if row.partition("=")[0] in names]
    text = (ROOT / "docs" / "agent.md").read_text()
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    commands = [block.replace("\\\n", "") for block in blocks if re.search(r"agent (--check|prune)", block)]
    assert (len(properties), len(commands)) == (3, 2)
    for command in commands:
        assert command.startswith("systemd-run "), command
        assert all(one in command for one in properties), command
    assert not re.search(r"^\s*(set -a|\. |source )", "\n".join(blocks), re.MULTILINE)
