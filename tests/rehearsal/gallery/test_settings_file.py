"""A wrong settings file ends in one clear line, status 4, and evidence that says REFUSED."""

import pytest
import yaml

from tests.rehearsal.gallery.gate import gate, settings_file

WRONG = {
    "a wrong key": ("image", "image:\n  repositry: ghcr.io/example/runtime\n", "image.repositry", 2),
    "an unknown section": ("pictures", "pictures: {}\n", "pictures", None),
    "a wrong type": ("quiet_window_seconds", "quiet_window_seconds: soon\n", "quiet_window_seconds", None),
    "no mounts": ("mounts", "mounts: []\n", "mounts: lacks audit-events and snapshots", None),
    "a short window": ("quiet_window_seconds", "quiet_window_seconds: 0.2\n", "quiet_window_seconds", None),
}


def refused(run):
    assert (run.document["verdict"], run.document["exit_status"], run.status) == ("REFUSED", 4, 4), run.output
    assert run.posts == []
    lines = [line for line in run.output.splitlines() if "smoke deploy REFUSED" in line]
    assert len(lines) == 1, run.output
    return lines[0]


@pytest.mark.parametrize("name", list(WRONG))
def test_a_wrong_key_or_type_is_named_with_file_and_line(name, tmp_path):
    key, text, wanted, _ = WRONG[name]
    file = settings_file(tmp_path, {})
    data = yaml.safe_load(file.read_text())
    data.pop(key, None)
    rest = yaml.safe_dump(data)
    file.write_text(rest + text)
    number = rest.count("\n") + text.count("\n")
    line = refused(gate(tmp_path, settings=file))
    assert f"{file.name}:{number}" in line or f"{file.name}, line {number}" in line, line
    assert wanted in line


EVERYTHING = """log:
  forbidden: {OBS-7: [zzz-never], OBS-8: [zzz-never]}
  documented: ['.+']
  exit_codes: [0, 1, 137, 143]
activity: {cpu_share: 1, processes: 100000, sent_bytes: 1000000000000}
"""


def test_a_template_for_every_line_is_refused(tmp_path):
    file = settings_file(tmp_path, {})
    file.write_text(file.read_text() + EVERYTHING)
    line = refused(gate(tmp_path, settings=file))
    assert "log.documented.0: '.+' holds '.+' like a regular expression" in line


def test_broken_yaml_is_named_with_file_and_line(tmp_path):
    file = settings_file(tmp_path, {})
    file.write_text("image:\n  repository: [ghcr.io/example\nagent: {}\n")
    line = refused(gate(tmp_path, settings=file))
    assert f"{file.name}:3" in line or f"{file.name}:4" in line, line


def test_a_missing_file_is_named(tmp_path):
    line = refused(gate(tmp_path, settings=tmp_path / "nowhere" / "smokedeploy.yml"))
    assert "nowhere/smokedeploy.yml" in line
