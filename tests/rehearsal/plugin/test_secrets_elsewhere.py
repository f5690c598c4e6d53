"""Secrets that pass no report of a check: what pytest itself writes of them is masked all the same."""

import html
import json

import pytest
from markupsafe import escape

from tests.rehearsal.gallery.command_line import own
from tests.rehearsal.gallery.gate import gate

#: With signs that a report's HTML and XML spell otherwise, and no piece of which is long.
SECRET = "zq7&Kp0<Lw9'Xv3\"Tn5&Rb1"
SPELLINGS = {SECRET, html.escape(SECRET), str(escape(SECRET)), json.dumps(SECRET)[1:-1], repr(SECRET)[1:-1]}
SPELLINGS |= {html.escape(SECRET, quote=False), str(escape(json.dumps(SECRET)[1:-1])), "&amp;Kp0&lt;Lw9"}
HEAD = "import os\nSECRET = os.environ['CF_ACCESS_CLIENT_SECRET']\n\n\n"
WAYS = {
    "a warning": "def test_own():\n    import warnings; warnings.warn('said: ' + SECRET)\n",
    "an error nobody hears": (
        "def test_own():\n    class Left:\n        def __del__(self):\n"
        "            raise ValueError('said: ' + SECRET)\n    Left()\n"
    ),
    "a subtest's output": (
        "def test_own(subtests):\n    with subtests.test('said'):\n"
        "        print('said:', SECRET)\n        assert False\n"
    ),
    "a subtest's name": (
        "def test_own(subtests):\n    with subtests.test('said: ' + SECRET):\n        assert False\n"
    ),
    "a property of the run": (
        "def test_own(record_testsuite_property):\n    record_testsuite_property('said', SECRET)\n"
    ),
    "a parameter": "@pytest.mark.parametrize('said', [SECRET])\ndef test_own(said):\n    pass\n",
    "a report's extra": (
        "def test_own(extras):\n    from pytest_html.extras import html\n"
        "    extras.append(html('said: ' + SECRET))\n"
    ),
    "the words of an exit": "def test_own():\n    pytest.exit('said: ' + SECRET)\n",
    "a line of a log": "def test_own():\n    import logging; logging.getLogger('own').warning(SECRET)\n",
    "a file that can't be read": "raise ValueError('said: ' + SECRET)\n",
}


@pytest.mark.parametrize("way", WAYS)
def test_no_secret_is_told_by(way, tmp_path):
    run = gate(
        tmp_path,
        *("--log-file", str(tmp_path / "evidence" / "own.log")),
        files=own(HEAD + WAYS[way]),
        environ={"CF_ACCESS_CLIENT_SECRET": SECRET},
    )
    files = [file for file in (run.folder / "evidence").iterdir() if file.is_file()]
    told = {file.name: file.read_text(encoding="utf-8", errors="replace") for file in files}
    told["terminal"] = run.output
    assert [(name, way) for name, text in told.items() for way in SPELLINGS if way in text] == []
    # It was told, and masked: the way is one.
    assert any("[redacted]" in told[name] for name in ("terminal", "report.html", "junit.xml", "own.log"))
