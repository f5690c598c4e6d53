"""No secret, in any spelling, passes the sanitiser."""

import base64
import html
import json
import pickle
import shlex
import unicodedata
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import quoteattr

import pytest
import yaml
from markupsafe import escape as markup

from pytest_smokedeploy.support.redaction import MASK, Sanitiser, Secret

VALUE = "c4n/ary+v=&%\"q'<é\\"


def spellings():
    raw = VALUE.encode()
    yield VALUE
    yield quote(VALUE, safe="")
    yield quote_plus(VALUE)
    yield json.dumps(VALUE)[1:-1]
    yield repr(VALUE)[1:-1]
    yield raw.hex()
    yield html.escape(VALUE)
    yield html.escape(VALUE, quote=False)
    yield html.escape(html.escape(VALUE))
    yield html.escape(json.dumps(VALUE)[1:-1])
    yield str(markup(VALUE))
    yield quoteattr(VALUE)[1:-1]
    yield quote(quote(VALUE, safe=""), safe="")
    yield shlex.quote(VALUE)[1:-1]
    yield yaml.safe_dump(VALUE, allow_unicode=False).strip()[1:-1]
    yield json.dumps(VALUE, ensure_ascii=False)[1:-1]
    yield json.dumps(json.dumps(VALUE))[3:-3]
    # As Go writes JSON, and as a shell's user escapes.
    yield json.dumps(VALUE)[1:-1].replace("&", "\\u0026").replace("<", "\\u003c")
    yield "".join(c if c.isalnum() else f"\\{c}" for c in VALUE)
    yield VALUE.encode("unicode_escape").decode()
    yield repr(raw)[2:-1]
    yield unicodedata.normalize("NFD", VALUE)
    for lead in range(3):
        yield base64.b64encode(b"x" * lead + raw + b"tail").decode()
        yield base64.urlsafe_b64encode(b"x" * lead + raw).decode()


@pytest.mark.parametrize("spelling", list(spellings()))
def test_a_secret_is_masked_in_every_spelling(spelling):
    shown = Sanitiser([Secret(VALUE)]).text(f"before {spelling} after")
    assert MASK in shown
    assert spelling not in shown
    assert shown.startswith("before ")


@pytest.mark.parametrize("sign", ["\u00e9", "\u20ac", "\U0001f511", "\n", "<", "&"])
def test_a_sign_behind_a_backslash_may_be_escaped_too(sign):
    value = f"c4n\\{sign}ry"
    spelled = json.dumps(value)[1:-1].replace("<", "\\u003c").replace("&", "\\u0026")
    for spelling in (spelled, json.dumps(spelled)[1:-1], repr(value)[1:-1]):
        assert Sanitiser([Secret(value)]).text(spelling) == MASK


@pytest.mark.parametrize("sign", ["\\", "&amp;", "%25", "'", '"', "\\u0026", "c4n/", "&#"])
def test_no_line_takes_longer_than_its_length_allows(sign):
    """A runtime decides what its lines hold: each sign of the pattern, a great many times.

    They end in half a second; a time that grew with the length's square would meet the suite's time-out.
    """
    mask = Sanitiser([Secret(VALUE), Secret("\\\\&&''%%")]).text
    assert mask(f"{sign * 300_000} {VALUE}").endswith(MASK)


def test_data_is_masked_throughout_keys_too():
    data = {"a": [VALUE, {VALUE: 1}], "n": 3, "none": None, "s": Secret("x")}
    shown = Sanitiser([Secret(VALUE)]).data(data)
    assert VALUE not in repr(shown)
    assert shown["n"] == 3


def test_each_line_of_a_secret_of_several_lines_is_masked():
    assert "second line" not in Sanitiser([Secret("first line\nsecond line")]).text("x second line y")


def test_a_jwt_and_the_password_of_a_url_are_masked_unasked():
    jwt = "eyJhbGciOiJub25lIn0.eyJhIjoxfQ.c2ln"
    shown = Sanitiser().text(f"CF_Authorization={jwt}; postgresql://user:hunter22@host/db")
    assert jwt not in shown
    assert "hunter22" not in shown
    assert "postgresql://user:" in shown


def test_a_very_short_secret_does_not_shred_the_report():
    assert Sanitiser([Secret("a")]).text("banana") == "banana"


def test_a_secret_never_shows_itself():
    secret = Secret(VALUE)
    assert VALUE not in f"{secret} {secret!r} {secret:>40}"
    assert secret.reveal() == VALUE
    assert not Secret("  ")
    with pytest.raises(TypeError):
        pickle.dumps(secret)


LONG = "Zq8vT4mNw2LxR7kPbH3sYd9cF6gJ1aQe5UoVtXiB"


@pytest.mark.parametrize(
    "piece", [LONG.upper(), LONG.lower(), LONG[:20], LONG[20:], LONG[:12], f"{LONG[:15]}\u2026", LONG[7:30]]
)
def test_a_secret_cut_in_two_or_in_another_case_is_masked(piece):
    shown = Sanitiser([Secret(LONG)]).text(f"before {piece}, after")
    assert piece.strip("\u2026") not in shown
    assert shown.startswith("before [redacted]")
    assert shown.endswith(", after")


def test_words_that_a_url_shares_with_others_are_shown():
    url = Secret("postgresql://runtime:hunter2222@database.example.com:5432/runtime")
    assert Sanitiser([url]).text("at database.example.com:5432") == "at database.example.com:5432"
