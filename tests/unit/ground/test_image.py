"""Image references by the grammar."""

import pytest

from pytest_smokedeploy.support.image import ImageReference

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("x", "docker.io/library/x"),
        ("x:1", "docker.io/library/x:1"),
        ("a/b:1", "docker.io/a/b:1"),
        ("localhost/b", "localhost/b"),
        ("localhost:5000/b:t", "localhost:5000/b:t"),
        ("ghcr.io/a/b__c/d-e.f:T_1.x-y", "ghcr.io/a/b__c/d-e.f:T_1.x-y"),
        ("index.docker.io/library/x", "docker.io/library/x"),
        (f"x@{DIGEST}", f"docker.io/library/x@{DIGEST}"),
    ],
)
def test_defaults_are_spelled_out(text, spelled):
    assert str(ImageReference.parse(text)) == spelled


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":1",
        "X",
        "a/B",
        "a//b",
        "a:",
        "a:-x",
        "a:" + "t" * 129,
        "a@sha256:abc",
        "a b",
        "a:1\n",
        "a;b",
        "-a.io/x",
        "a/../b",
    ],
)
def test_what_is_no_reference_is_refused(text):
    with pytest.raises(ValueError, match="image"):
        ImageReference.parse(text)


def test_two_spellings_of_one_image_are_the_same_and_a_prefix_is_not():
    one = ImageReference.parse("x:1")
    assert one == ImageReference.parse("docker.io/library/x:1")
    assert one not in {ImageReference.parse("x:12"), ImageReference.parse("x")}
