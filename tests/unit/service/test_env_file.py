"""RUNTIME_ENV_FILE is read as `docker run --env-file` reads it, but for what contradicts itself."""

import pytest

from pytest_smokedeploy.agent import env_file
from pytest_smokedeploy.agent.env_file import LINE_BYTES
from pytest_smokedeploy.support.errors import SettingsError


@pytest.fixture
def read(tmp_path):
    def reads(raw):
        file = tmp_path / "runtime.env"
        file.write_bytes(raw)
        return env_file.read(str(file))

    return reads


#: What Docker 20.10 gives the container for each of these files (measured).
TAKEN = {
    b"\xef\xbb\xbfEXECUTION_PLANE=paper\n": {"EXECUTION_PLANE": "paper"},
    b"A=1\n\xef\xbb\xbfB=1\n": {"A": "1", "\ufeffB": "1"},
    b"NOTE=a\xe2\x80\xa8EXTRA=b\n": {"NOTE": "a\u2028EXTRA=b"},
    b"NOTE=a\x0cEXTRA=b\n": {"NOTE": "a\x0cEXTRA=b"},
    b"NOTE=a\xc2\x85EXTRA=b\n": {"NOTE": "a\x85EXTRA=b"},
    b"A=1\r\nB=2\r\n": {"A": "1", "B": "2"},
    b"A=1\r\r\n": {"A": "1\r"},
    b"A=1\rB=2\n": {"A": "1\rB=2"},
    b'Q="x y"\n': {"Q": '"x y"'},
    b"MY-KEY=1\nspring.profiles.active=dev\n": {"MY-KEY": "1", "spring.profiles.active": "dev"},
    b"  A= 1 \n": {"A": " 1 "},
    b"\xc2\xa0A=1\n": {"A": "1"},
    b"\xc2\x85A=1\n": {"A": "1"},
    b"\x1cA=1\n": {"\x1cA": "1"},
    b"A\x0cB=b\n": {"A\x0cB": "b"},
    b"#A=1\n  # b\n\n   \nB=#c\n": {"B": "#c"},
    b"A=\n": {"A": ""},
    b"A=b=c": {"A": "b=c"},
    b"": {},
    b"A=%b\n" % (b"x" * (LINE_BYTES - 2)): {"A": "x" * (LINE_BYTES - 2)},
}


@pytest.mark.parametrize("raw", TAKEN, ids=lambda raw: repr(raw[:30]))
def test_what_docker_takes_is_taken_alike(read, raw):
    assert read(raw) == TAKEN[raw]


#: Files that are refused, in words that hold no value.
REFUSED = {
    b"A=1\nLOG=canary\nLOG=canary\n": "runtime.env:3: sets LOG, and so does line 2; keep one of them.",
    b"A=1\r\ncanary\r\n": "runtime.env:2: is no KEY=VALUE line; a name alone has no value here",
    b"A B=canary\n": "runtime.env:1: has a space or tab in the name before its `=`",
    b"export A=canary\n": "runtime.env:1: has a space or tab in the name before its `=`",
    b"A =canary\n": "runtime.env:1: has a space or tab in the name before its `=`",
    b"=canary\n": "runtime.env:1: has no name before its `=`.",
    b"A=canary\0\n": "runtime.env:1: holds a NUL character",
    b"A\0=canary\n": "runtime.env:1: holds a NUL character",
    b"A=1\nB=canary\xff\n": "runtime.env:2: is no UTF-8",
    b"A=%b\n" % (b"x" * (LINE_BYTES - 1)): "runtime.env:1: is longer than 65535 bytes.",
}


@pytest.mark.parametrize("raw", REFUSED, ids=lambda raw: repr(raw[:30]))
def test_what_is_refused_is_named_by_line_and_cause(read, raw):
    with pytest.raises(ValueError, match=r"^runtime\.env:") as caught:
        read(raw)
    (error,) = caught.value.args
    assert isinstance(error, SettingsError)
    assert str(error).startswith(REFUSED[raw])
    assert "canary" not in str(error)


@pytest.mark.parametrize(
    ("value", "inner"),
    [('"a b"', "a b"), ("'a'", "a"), ('"', ""), ("a", ""), ("\"a'", ""), ('a"b"', ""), ("", "")],
)
def test_a_pair_of_quotes_around_a_value(value, inner):
    assert env_file.unquoted(value) == inner
