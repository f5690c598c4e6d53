"""Answers that Cloudflare gives in the agent's place: Access, the tunnel, the edge (PRE-6).

Rests on Cloudflare's documents: Access refuses with 401, 403 or a redirect to its login;
the edge's own errors are ``error code: NNNN`` or, where JSON was asked for, RFC 9457
problems with ``cloudflare_error: true``.
"""

import re
from typing import Final
from urllib.parse import urlsplit

from pytest_smokedeploy.client.answer import HttpAnswer, shown
from pytest_smokedeploy.support.errors import EdgeError

_CODE: Final = re.compile(r"error code:\s*(\d{3,4})", re.IGNORECASE)
_LOGIN: Final = re.compile(r"cloudflareaccess\.com|/cdn-cgi/access/|cloudflare access", re.IGNORECASE)

# By Cloudflare's own error code: meaning and remedy.
_CODES: Final = {
    1010: ("Cloudflare's browser integrity check turned the client away", "Exempt its User-Agent by a rule."),
    1015: ("Cloudflare's rate limit stopped the call", "Raise the zone's rate limit for the agent's host."),
    1016: ("Cloudflare cannot resolve the agent's host", "Check the tunnel's public hostname."),
    1020: ("a firewall rule of the zone blocked the call", "Let the runner through in the zone's rules."),
    1033: ("no tunnel is connected to the host", "Start cloudflared on the server and look at its log."),
}
_LOOK_THERE: Final = "Look on the server at what it did; a long pull needs the agent's async extension."
# By HTTP status, for an answer without such a code. What the origin did is unknown in each case.
_STATUSES: Final = {
    502: ("the tunnel stands, but nothing answers behind it", "Start the agent; check the tunnel's port."),
    503: ("something in front of the agent says it is unavailable", "Look at the server and the tunnel."),
    504: ("the edge waited in vain for the agent", "Look at the server before anything else."),
    520: ("the agent's answer was empty or broken", "Look at the agent's log."),
    521: ("the server refused the edge's connection", "Start the tunnel and the agent."),
    522: ("the edge could not connect to the server in time", "Check the server's network."),
    523: ("the edge cannot reach the server", "Check the tunnel."),
    524: ("the agent sent nothing for about 100 seconds, and may still be working", _LOOK_THERE),
    525: ("the TLS handshake between edge and server failed", "Check the tunnel's origin settings."),
    526: ("the server's certificate is not valid to the edge", "Check the tunnel's origin settings."),
    530: ("the edge cannot reach the tunnel", "Start cloudflared on the server and look at its log."),
}
_SERVICE_AUTH: Final = "The policy must be Service Auth, not Allow; then check both secrets."
# By Access's own HTTP status: meaning and remedy.
_REFUSALS: Final = {
    401: ("Access finds the token wrong, expired or disabled.", "Make a new one; set both of its secrets."),
    403: ("Access refused the service token: missing, wrong, or let in by no policy.", _SERVICE_AUTH),
}


def is_access(answer: HttpAnswer) -> bool:
    """Whether Access itself refused the call, by marks that only Access sets."""
    if 300 <= answer.status < 400:  # noqa: PLR2004 - redirects
        try:
            target = urlsplit(answer.headers.get("location", ""))
            host = target.hostname or ""
        except ValueError:
            return False
        return host.endswith(".cloudflareaccess.com") or target.path.startswith("/cdn-cgi/access/login")
    if answer.status in _REFUSALS:
        if any(name.startswith("cf-access-") for name in answer.headers):
            return True
        if "cloudflare" in answer.headers.get("www-authenticate", "").lower():
            return True
        if (data := answer.json_object) is not None:
            return data.get("cloudflare_error") is True or ("aud" in data and "ray_id" in data)
        return error_code(answer) is None and "cloudflare" in answer.text.lower()
    return answer.status == 200 and _is_html(answer) and bool(_LOGIN.search(answer.text))  # noqa: PLR2004


def diagnose(answer: HttpAnswer) -> EdgeError | None:
    """The error that the edge answered, or None where the answer is the agent's."""
    if (said := _diagnosis(answer)) is None:
        return None
    words, remedy = said
    # What is refused below 500 never reached the agent; from 500 on a request may have passed, and so it
    # may with a page that is answered with 200.
    definite = 300 <= answer.status < 500  # noqa: PLR2004
    unknown = "" if definite or answer.call.startswith("GET ") else " Whether the agent acted is unknown."
    return EdgeError(
        f"{answer.call} was answered {answer.status} by the edge: {words}{unknown}",
        call=answer.call,
        status=answer.status,
        ray=answer.ray,
        definite=definite,
        clause="PRE-6",
        remedy=remedy,
    )


def _diagnosis(answer: HttpAnswer) -> tuple[str, str] | None:
    """What an answer of the edge means, and the remedy; None for an answer of the agent."""
    code, status, data = error_code(answer), answer.status, answer.json_object or {}
    if code in _CODES:
        return f"error {code}: {_CODES[code][0]}.", _CODES[code][1]
    if is_access(answer):
        what = "shows its login page" if status == 200 else "asks for a person's login"  # noqa: PLR2004
        words = f"Access {what} instead of taking the service token."
        return _REFUSALS.get(status) or (words, _SERVICE_AUTH)
    if status in _REFUSALS and answer.json_object is None:
        words = "something in front of the agent, not Access by its looks, did not let the call in."
        return words, "Look at what stands between Cloudflare and the agent."
    in_contract = any(isinstance(data.get(key), str) and data[key] for key in ("reason", "error"))
    if code is not None or data.get("cloudflare_error") is True or (status in _STATUSES and not in_contract):
        unnamed = ("an error of Cloudflare's own", "Look the code up in Cloudflare's docs.")
        words, remedy = _STATUSES.get(status, unnamed)
        return f"{f'error {code}: ' if code else ''}{words}.", remedy
    if status == 413 and not in_contract:  # noqa: PLR2004
        return "the request is too big for what stands before the agent.", ""
    return None


def error_code(answer: HttpAnswer) -> int | None:
    """Cloudflare's own error code (1010, 1033, ...), or None."""
    if answer.status < 400:  # noqa: PLR2004
        return None
    if (data := answer.json_object) is not None:
        number = data.get("error_code")
        return number if data.get("cloudflare_error") is True and isinstance(number, int) else None
    match = _CODE.search(shown(answer.text, 4096))
    return int(match[1]) if match else None


def _is_html(answer: HttpAnswer) -> bool:
    kind = answer.headers.get("content-type", "").lower()
    return "html" in kind or answer.text.lstrip()[:15].lower().startswith(("<!doctype html", "<html"))
