"""`database.proof: direct`, the whole gate on a real PostgreSQL; it never says the password (PRE-5)."""

from urllib.parse import quote, unquote, urlsplit

import pytest

from tests.rehearsal.gallery.gate import gate
from tests.rehearsal.gallery.repository import DEPLOY
from tests.support.needs import needs_postgres
from tests.support.postgres import closed_port_url

MIGRATE = "Migrate the database first."
START = "Start it, create it, or mend its URL (user and password too)."
READ = "Migrate it, or let the user of its URL read the table."


def given(name="DATABASE_URL"):
    """The laid workflow, whose gate is given the database's URL."""
    token = "          GITHUB_TOKEN: ${{ github.token }}\n"
    return DEPLOY.replace(token, f"{token}          {name}: ${{{{ secrets.{name} }}}}\n", 1)


def run(folder, url, **database):
    """The gate over a healthy world whose database is at `url`; nothing it leaves shows the password."""
    settings = {"database": {"proof": "direct", "migrations": "migrations", **database}}
    environ = {"SMOKEDEPLOY_TEST_DATABASE_URL": url}
    ended = gate(folder, changes=settings, environ=environ, workflow=given())
    secret = unquote(urlsplit(url).password or "")
    assert secret
    files = [file for file in (folder / "evidence").rglob("*") if file.is_file()]
    assert {"evidence.json", "report.html", "junit.xml"} <= {file.name for file in files}
    for text in [ended.output, *(file.read_text(errors="replace") for file in files)]:
        assert not [word for word in (secret, quote(secret, safe=""), repr(secret)[1:-1]) if word in text]
    return ended


def refused(ended, seen, remedy):
    document = ended.document
    found = (document["verdict"], document["clause"], ended.status)
    assert found == ("REFUSED", "PRE-5", 1), ended.output
    shown = " ".join(ended.output.split())
    for words in (seen, remedy):
        assert words in document["reason"]
        assert words in shown
    assert ended.posts == []


@needs_postgres
def test_migrated(tmp_path, postgres):
    ended = run(tmp_path, postgres.create(["0001", "0002"]))
    assert (ended.document["verdict"], ended.status) == ("REHEARSED", 0), ended.output
    row = next(row for row in ended.document["clauses"] if row["clause"] == "PRE-5")
    assert (row["state"], row["basis"]) == ("proven", "seen")


@needs_postgres
def test_one_behind(tmp_path, postgres):
    refused(run(tmp_path, postgres.create(["0001"])), "not applied: 0002", MIGRATE)


@needs_postgres
def test_one_unknown(tmp_path, postgres):
    url = postgres.create(["0001", "0002", "0003"])
    refused(run(tmp_path, url), "applied but unknown here: 0003", "Deploy the matching commit.")


@needs_postgres
def test_an_empty_table(tmp_path, postgres):
    refused(run(tmp_path, postgres.create([])), "not applied: 0001, 0002", MIGRATE)


@needs_postgres
def test_no_table(tmp_path, postgres):
    refused(run(tmp_path, postgres.create(None)), "there is no table schema_migrations", READ)


@needs_postgres
def test_another_table(tmp_path, postgres):
    url = postgres.create(["0001", "0002"], "applied")
    ended = run(tmp_path, url, table="public.applied")
    assert ended.document["verdict"] == "REHEARSED", ended.output


@needs_postgres
def test_no_database(tmp_path, postgres):
    refused(run(tmp_path, postgres.url("never_made")), 'database "never_made" does not exist', START)


@needs_postgres
def test_a_wrong_password(tmp_path, postgres):
    url = postgres.url("postgres", password="canary/of@a%test")
    refused(run(tmp_path, url), "password authentication failed", START)


def test_the_server_is_down(tmp_path):
    with closed_port_url() as url:
        refused(run(tmp_path, url), "refused", START)


@pytest.mark.parametrize("url", ["postgresql://smoke:canary-word@db:port/name", "canary-word"])
def test_an_address_that_is_none(tmp_path, url):
    settings = {"database": {"proof": "direct", "migrations": "migrations"}}
    environ = {"SMOKEDEPLOY_TEST_DATABASE_URL": url}
    ended = gate(tmp_path, changes=settings, environ=environ, workflow=given())
    refused(ended, "its URL can't be read", START)
    assert "canary-word" not in ended.output


def test_an_address_that_is_not_set(tmp_path):
    settings = {"database": {"proof": "direct", "migrations": "migrations", "url_variable": "NOBODY_SET_IT"}}
    ended = gate(tmp_path, changes=settings, workflow=given("NOBODY_SET_IT"))
    refused(ended, "its URL is not set", "the variable that database.url_variable")
