"""Who is let in, and who is not: each over a real socket, each told no more than that."""

import base64
import hashlib
import hmac
import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pytest_smokedeploy.agent.http.access import LEEWAY_SECONDS, Caller, DeniedError
from pytest_smokedeploy.rehearsal.access import Team

FAR = LEEWAY_SECONDS + 60


def b64(data):
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def refused(answer, words):
    body = answer.json()
    assert (answer.status_code, body["status"]) == (403, "error")
    assert words in body["reason"]
    assert "eyJ" not in answer.text
    return body["reason"]


# -- let in ----------------------------------------------------------------------------------


def test_a_service_token_is_let_in(door):
    assert door.get(door.sign()).json() == {"status": "ok", "environment": "dev"}
    assert door.access.verify([door.sign()]) == Caller("gate.access", human=False)


def test_a_person_is_let_in(door):
    person = door.sign(common_name=None, email="person@example.test", sub="7f")
    assert door.get(person).status_code == 200
    assert door.access.verify([person]) == Caller("person@example.test", human=True)


def test_an_audience_that_is_no_list_is_let_in(door):
    assert door.get(door.sign(aud=door.team.audience)).status_code == 200


def test_claims_nobody_knows_are_ignored(door):
    assert door.get(door.sign(country="nowhere", identity_nonce="x", custom={"a": 1})).status_code == 200


def test_clocks_may_lie_a_little_apart(door):
    now = int(time.time())
    ahead = door.sign(iat=now + LEEWAY_SECONDS // 2, nbf=now + LEEWAY_SECONDS // 2)
    assert door.get(ahead).status_code == 200


# -- no assertion ----------------------------------------------------------------------------


def test_none(door):
    refused(door.get(), "no assertion")


def test_empty(door):
    refused(door.get(""), "no assertion")


@pytest.mark.parametrize(
    "garbage",
    [
        "x",
        "..",
        "a.b.c",
        "Bearer eyJhbGciOiJub25lIn0.e30.",
        b64(b"\xff\xfe") + ".e30.x",
        b64([]) + ".e30.x",
        b64({"alg": ["RS256"], "kid": {}}) + ".e30.x",
        b64(b"[" * 8000) + ".e30.x",
        "\u00e9".encode("latin-1").decode("latin-1"),
        "e" * 20_000,
    ],
)
def test_garbage(door, garbage):
    refused(door.get(garbage.encode("latin-1")), "")
    assert door.keys.asked == 0


def test_a_cookie_in_place_of_the_header(door):
    refused(door.get(headers=[("Cookie", f"CF_Authorization={door.sign()}")]), "no assertion")


def test_cf_ray_alone(door):
    refused(door.get(headers=[("cf-ray", "8f0000000000-TST")]), "no assertion")


def test_two_assertions(door):
    refused(door.get(door.sign(), door.sign()), "several assertions")
    refused(door.get(f"{door.sign()}, {door.sign()}"), "not valid")


def test_the_token_itself_is_no_assertion(door):
    token = [("CF-Access-Client-Id", "gate.access"), ("CF-Access-Client-Secret", "secret-of-a-test")]
    assert "secret-of-a-test" not in refused(door.get(headers=token), "no assertion")


# -- signatures ------------------------------------------------------------------------------


def test_alg_none(door):
    header = {"alg": "none", "typ": "JWT", "kid": door.team.kid}
    refused(door.get(f"{b64(header)}.{b64(door.claims())}."), "not signed with RS256")


def test_hs256_with_the_public_key_as_its_secret(door):
    public = door.team.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = f"{b64({'alg': 'HS256', 'kid': door.team.kid})}.{b64(door.claims())}"
    for secret in (public, public.strip()):
        mac = hmac.digest(secret, signed.encode(), hashlib.sha256)
        refused(door.get(f"{signed}.{b64(mac)}"), "not signed with RS256")
    # The same under a header that says RS256.
    signed = f"{b64({'alg': 'RS256', 'kid': door.team.kid})}.{b64(door.claims())}"
    refused(door.get(f"{signed}.{b64(hmac.digest(public, signed.encode(), hashlib.sha256))}"), "not valid")


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_another_algorithm_of_the_same_key(door, algorithm):
    signed = jwt.encode(door.claims(), door.team.key, algorithm, headers={"kid": door.team.kid})
    refused(door.get(signed), "not signed with RS256")


def test_another_teams_key(door):
    refused(door.get(door.sign(Team(door.keys.url))), "a key this team does not have")


def test_another_teams_key_under_this_teams_kid(door):
    refused(door.get(door.sign(Team(door.keys.url, kid=door.team.kid))), "not valid (InvalidSignature")


def test_a_key_that_the_assertion_brings_along(door):
    """`jwk` and `jku` in the header are nobody's word but the caller's."""
    other = Team(door.keys.url)
    headers = {"kid": "mine", "jwk": other.jwks()["keys"][0], "jku": f"{door.keys.url}/other"}
    refused(door.get(jwt.encode(door.claims(), other.key, "RS256", headers=headers)), "does not have")


def test_no_kid(door):
    refused(door.get(jwt.encode(door.claims(), door.team.key, "RS256")), "names no key")


def test_a_demanded_extension(door):
    headers = {"kid": door.team.kid, "crit": ["b64"]}
    refused(door.get(jwt.encode(door.claims(), door.team.key, "RS256", headers=headers)), "")


def test_claims_changed_after_they_were_signed(door):
    head, _, signature = door.sign().split(".")
    refused(door.get(f"{head}.{b64(door.claims(common_name='other'))}.{signature}"), "not valid")


# -- claims ----------------------------------------------------------------------------------


@pytest.mark.parametrize("audience", ["other", ["other"], [], "", 7, None])
def test_another_audience(door, audience):
    refused(door.get(door.sign(aud=audience)), "not valid")


@pytest.mark.parametrize(
    "issuer", ["https://other.cloudflareaccess.com", "", ["x"], None], ids=["other", "empty", "list", "none"]
)
def test_another_issuer(door, issuer):
    refused(door.get(door.sign(iss=issuer)), "not valid")


def test_the_issuer_with_a_slash_is_another(door):
    refused(door.get(door.sign(iss=f"{door.team.address}/")), "not valid")


def test_expired(door):
    now = int(time.time())
    refused(door.get(door.sign(iat=now - FAR - 60, exp=now - FAR)), "ExpiredSignature")


def test_issued_in_the_future(door):
    now = int(time.time())
    refused(door.get(door.sign(iat=now + FAR, exp=now + FAR + 60)), "ImmatureSignature")


def test_not_yet_valid(door):
    refused(door.get(door.sign(nbf=int(time.time()) + FAR)), "ImmatureSignature")


@pytest.mark.parametrize("claim", ["exp", "iat"])
@pytest.mark.parametrize("value", [None, "soon", [], {}, float("inf")], ids=str)
def test_a_time_that_is_missing_or_none(door, claim, value):
    refused(door.get(door.sign(**{claim: value})), "not valid")


@pytest.mark.parametrize(
    "who",
    [
        {"common_name": None},
        {"common_name": "", "email": ""},
        {"common_name": None, "email": "person@example.test"},
        {"common_name": "gate.access", "email": "person@example.test", "sub": "7f"},
        {"common_name": "gate.access", "sub": "7f"},
        {"common_name": ["gate.access"]},
    ],
)
def test_neither_a_service_token_nor_a_person(door, who):
    refused(door.get(door.sign(**who)), "neither a service token nor a person")


def test_verify_says_so_without_the_assertion(door):
    with pytest.raises(DeniedError) as caught:
        door.access.verify([door.sign(aud="other")])
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    assert "eyJ" not in str(caught.value)
