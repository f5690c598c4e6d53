"""`smokedeploy init`: what is missing is laid, what is there is left, and the words say what to do."""

import subprocess
from argparse import Namespace

import pytest

from pytest_smokedeploy.cli import init, installed, main
from pytest_smokedeploy.preconditions import workflow_file
from pytest_smokedeploy.settings import load

DEPLOY = ".github/workflows/deploy.yml"


@pytest.fixture
def lay(tmp_path, capsys):
    """lay() -> what init says of the repository tmp_path."""

    def run():
        assert init.run(Namespace(folder=tmp_path)) is True
        return capsys.readouterr().out

    return run


def test_an_empty_folder_gets_everything(lay, tmp_path):
    said = lay()
    settings, workflow = tmp_path / "smoke_tests" / "smokedeploy.yml", tmp_path / DEPLOY
    assert settings.read_text().startswith("# yaml-language-server: $schema=smokedeploy.schema.json\n")
    assert (settings.parent / "smokedeploy.schema.json").is_file()
    assert "  repository: ghcr.io/your-organisation/runtime\n" in settings.read_text()
    assert "migrations:" not in settings.read_text()
    assert workflow_file.read(workflow).fault == ""
    assert (tmp_path / ".gitignore").read_text() == "smoke-evidence/\n"
    assert "is the gate" not in said
    assert said.count("smokedeploy init: next, ") == 3


def test_what_it_lays_is_refused_for_its_placeholder_alone(lay, tmp_path):
    lay()
    file = tmp_path / "smoke_tests" / "smokedeploy.yml"
    with pytest.raises(Exception, match=r"smokedeploy.yml:5: image.repository: is still the placeholder"):
        load(file)
    file.write_text(file.read_text().replace("your-organisation", "acme"))
    assert workflow_file.read(tmp_path / DEPLOY).breaches(load(file)) == []


@pytest.mark.parametrize(
    ("proof", "extra"), [("proof: direct", "[database]"), ("# proof: direct", ""), ("proof: agent", "")]
)
def test_the_package_is_laid_with_what_the_settings_that_are_there_need(
    lay, tmp_path, monkeypatch, proof, extra
):
    monkeypatch.setattr(installed, "requirement", lambda: ("pytest-smokedeploy==9", True))
    (tmp_path / "smoke_tests").mkdir()
    (tmp_path / "smoke_tests" / "smokedeploy.yml").write_text(f"database:\n  {proof}\n")
    lay()
    assert f"pip install --quiet pytest-smokedeploy{extra}==9\n" in (tmp_path / DEPLOY).read_text()


def test_what_is_there_is_left_as_it_is(lay, tmp_path):
    theirs = {
        DEPLOY: "on: [push, workflow_dispatch]\njobs: {}\n",
        ".gitignore": "dist\n",
        "smoke_tests/phase.yml": "steps: {}\n",
    }
    for name, text in theirs.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    said = lay()
    for name, text in theirs.items():
        assert (tmp_path / name).read_text() == text
        assert f"smokedeploy init: left as it is: {name}" in said
    assert "smokedeploy init: laid smoke_tests/test_1_preconditions.py" in said
    assert "add `smoke-evidence/` to .gitignore" in said
    assert f"push starts your {DEPLOY} too" in said
    taken_over = said.partition("take this over into it:\n\n")[2].partition("\nsmokedeploy init:")[0]
    (tmp_path / DEPLOY).write_text(taken_over)
    assert "is the gate" not in lay()


@pytest.mark.parametrize("kind", ["of another encoding", "a folder", "a link to nothing"])
def test_a_file_that_can_not_be_read_is_left_and_the_rest_laid(lay, tmp_path, kind):
    ignored, workflow = tmp_path / ".gitignore", tmp_path / DEPLOY
    workflow.parent.mkdir(parents=True)
    for file in (ignored, workflow):
        if kind == "a folder":
            file.mkdir()
        elif kind == "a link to nothing":
            file.symlink_to("nowhere")
        else:
            file.write_bytes(b"# caf\xe9\n")
    said = lay()
    assert "add `smoke-evidence/` to .gitignore" in said
    why = "is not UTF-8" if kind == "of another encoding" else "cannot be read"
    assert why in said.partition("is the gate (")[2].partition(")")[0]
    assert said.count("smokedeploy init: next, ") == 3


def test_a_folder_below_git_s_root_is_told_where_github_reads_workflows(tmp_path, capsys):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    init.run(Namespace(folder=tmp_path / "services" / "shop"))
    said = capsys.readouterr().out
    assert f"GitHub reads the workflows of {tmp_path} alone: move {DEPLOY} there" in said
    assert "`defaults: {run: {working-directory: services/shop}}`" in said
    init.run(Namespace(folder=tmp_path))
    assert "GitHub reads" not in capsys.readouterr().out


def test_a_work_tree_that_is_elsewhere_ends_nothing(tmp_path, capsys, monkeypatch):
    subprocess.run(["git", "init", "-q", str(tmp_path / "elsewhere")], check=True)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere" / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "elsewhere"))
    assert init.run(Namespace(folder=tmp_path / "here"))
    assert "GitHub reads" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("origin", "image"),
    [
        ("git@github.com:Acme/Shop.git", "ghcr.io/acme/shop"),
        ("https://github.com/acme/shop", "ghcr.io/acme/shop"),
        ("ssh://git@github.com/acme/shop.git", "ghcr.io/acme/shop"),
        ("https://code.example/acme/shop.git", "ghcr.io/your-organisation/runtime"),
    ],
)
def test_the_image_is_named_after_what_git_knows(lay, tmp_path, origin, image):
    for words in (["init", "-q"], ["remote", "add", "origin", origin]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    said = lay()
    assert f"repository: {image}\n" in (tmp_path / "smoke_tests" / "smokedeploy.yml").read_text()
    assert (f"image.repository is {image}" in said) is ("your-" not in image)


@pytest.mark.parametrize(
    ("told", "requirement"),
    [
        (None, ("pytest-smokedeploy==0.1.0", True)),
        ({}, ("pytest-smokedeploy==0.1.0", False)),
        (
            {"url": "https://code.example/gate", "vcs_info": {"vcs": "git", "commit_id": "abc"}},
            ("'pytest-smokedeploy @ git+https://code.example/gate@abc'", True),
        ),
        (
            {"url": "https://a-token@code.example/gate-1.whl", "archive_info": {}},
            ("'pytest-smokedeploy @ https://code.example/gate-1.whl'", True),
        ),
        (
            {"url": "ssh://git@code.example/gate", "vcs_info": {"vcs": "git", "commit_id": "abc"}},
            ("'pytest-smokedeploy @ git+ssh://git@code.example/gate@abc'", True),
        ),
        ({"url": "file:///nowhere/gate-1.whl", "archive_info": {}}, ("pytest-smokedeploy==0.1.0", False)),
    ],
)
def test_a_workflow_installs_what_was_installed(monkeypatch, told, requirement):
    monkeypatch.setattr(installed, "_direct_url", lambda: told)
    assert installed.requirement() == requirement


@pytest.mark.parametrize(
    ("place", "words"), [("x" * 5000, "File name too long"), ("taken", "Not a directory")]
)
def test_a_place_where_nothing_can_lie_is_named(tmp_path, monkeypatch, capsys, place, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("")
    assert main.main(["init", place]) == 1
    assert words in capsys.readouterr().err


def test_a_checkout_is_named_by_its_remote_and_commit(monkeypatch, tmp_path):
    who = ["-c", "user.name=a", "-c", "user.email=a@b.example"]
    for words in (
        ["init", "-q"],
        # Whoever pushes by a token may have it in there.
        ["remote", "add", "origin", "https://ann:a-token@code.example/gate.git"],
        [*who, "commit", "-q", "--allow-empty", "-m", "one"],
    ):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    monkeypatch.setattr(installed, "_direct_url", lambda: {"url": tmp_path.as_uri(), "dir_info": {}})
    commit = installed.git(tmp_path, "rev-parse", "HEAD")
    wanted = f"'pytest-smokedeploy @ git+https://code.example/gate.git@{commit}'"
    assert installed.requirement() == (wanted, True)
