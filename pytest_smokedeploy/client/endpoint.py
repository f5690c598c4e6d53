"""Checks an agent's endpoint: https, or plain http on loopback (DESIGN 4)."""

from urllib.parse import urlsplit

import httpx

from pytest_smokedeploy.client.answer import shown
from pytest_smokedeploy.support.errors import MisuseError
from pytest_smokedeploy.support.loopback import is_loopback


def check_endpoint(endpoint: str) -> str:
    """Check `endpoint`; returns it without its trailing slash.

    Raises:
        MisuseError: not an absolute http(s) URL, or plain http to elsewhere than loopback.

    """
    remedy = "Set DEPLOY_ENDPOINT to https://host of the Deploy Agent."
    try:
        url = urlsplit(endpoint)
        host, _ = url.hostname or "", url.port
        httpx.URL(endpoint)
    except (ValueError, httpx.InvalidURL) as error:
        raise MisuseError("The endpoint is not a URL.", remedy=remedy) from error
    if url.scheme not in ("http", "https") or not host or not endpoint.isprintable() or " " in endpoint:
        raise MisuseError("The endpoint is not an https URL with a host.", remedy=remedy)
    if "@" in url.netloc or "?" in endpoint or "#" in endpoint:
        raise MisuseError("The endpoint carries a user, a query or a fragment.", remedy=remedy)
    # A name under .localhost means this machine, but a resolver may ask another server for it.
    if url.scheme == "http" and (host.endswith(".localhost") or not is_loopback(host)):
        words = f"The endpoint is plain http to {shown(host, 80)}: the token would travel readable."
        raise MisuseError(words, remedy=remedy)
    return endpoint.rstrip("/")
