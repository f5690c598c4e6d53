"""A line over the cap comes in parts: no word is lost at a seam, and no secret shows a piece of itself."""

import base64
import re
from urllib.parse import quote

import pytest

from pytest_smokedeploy.agent.domain.parts import CONTINUED, GOES_ON, RIM, marked
from pytest_smokedeploy.agent.engines.lines import OVERLAP, PART, Lines
from pytest_smokedeploy.support.redaction import MASK, Sanitiser, Secret

WORD = "a+b/c d9=Wv7!"
SECRET = Sanitiser([Secret(WORD)])
SPELLINGS = [WORD, quote(WORD, safe=""), WORD.replace("/", "\\\\/"), base64.b64encode(WORD.encode()).decode()]


def parts(raw):
    """The records of one line, fed as an engine does."""
    lines = Lines("stdout")
    return [r for at in range(0, len(raw), 16384) for r in lines.feed("t", raw[at : at + 16384])]


def told(raw):
    """The lines as a reader gets them."""

    def log():
        yield parts(raw)

    (batch,) = marked(log(), SECRET)
    return [SECRET.text(record.line) for record in batch]


def test_the_parts_make_the_line_and_overlap():
    raw = bytes(n % 10 + 48 for n in range(4 * PART))
    first, *rest = parts(raw + b"\n")
    assert (first.line + "".join(part.line[OVERLAP:] for part in rest)).encode() == raw
    assert [part.goes_on for part in (first, *rest)] == [True] * len(rest) + [False]
    assert [part.continued for part in (first, *rest)] == [False] + [True] * len(rest)


@pytest.mark.parametrize("seam", [PART - OVERLAP, PART - OVERLAP + RIM, PART - RIM, PART])
def test_a_word_across_a_seam_is_whole_in_one_part(seam):
    raw = b"x" * (seam - 3) + b"FORBIDDEN" + b"y" * OVERLAP * 2 + b"\n"
    lines = told(raw)
    assert any("FORBIDDEN" in line for line in lines)
    assert all(line.endswith(GOES_ON) for line in lines[:-1])
    assert all(line.startswith(CONTINUED) for line in lines[1:])


def test_a_seam_cuts_no_character_in_two():
    records = parts(b"a" + "\u20ac".encode() * PART + b"\n")
    assert len(records) > 2
    assert not [record for record in records if "\\x" in record.line]


@pytest.mark.parametrize("seam", [PART - OVERLAP, PART - OVERLAP + RIM, PART - RIM, PART])
@pytest.mark.parametrize("word", SPELLINGS, ids=["plain", "url", "json", "base64"])
def test_no_part_shows_a_piece_of_a_secret_at_its_rim(word, seam):
    for back in (4, len(word) - 4):
        raw = b"." * (seam - back) + word.encode() + b"." * (PART // 20) + b"\n"
        lines = [line.removeprefix(CONTINUED).removesuffix(GOES_ON) for line in told(raw)]
        assert MASK in "".join(lines)
        assert {*"".join(lines).replace(MASK, "")} == {"."}, (back, word)


@pytest.mark.parametrize("sign", ["x", "\u20ac", "\U0001f512"])
def test_what_one_part_leaves_out_stands_in_the_other(sign):
    count = PART * 2 // len(sign.encode())
    marks = "".join(f"<{n:06}>{sign * 50}" for n in range(count // 58))
    lines = told(marks.encode() + b"\n")
    assert len(lines) > 1
    assert {n for line in lines for n in re.findall(r"<(\d{6})>", line)} == set(re.findall(r"\d{6}", marks))


def test_a_line_that_is_no_part_is_left_as_it_is():
    words = f"{CONTINUED}x{GOES_ON}"
    assert told(words.encode() + b"\n") == [words]
