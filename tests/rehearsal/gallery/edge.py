"""Access, tunnel and edge, each row of what they answer in the agent's place."""

from __future__ import annotations

from typing import Any, get_args

from pytest_smokedeploy.rehearsal import World
from pytest_smokedeploy.rehearsal.world import Edge
from tests.rehearsal.gallery.case import FAIL, REFUSED, Case, sound

WRONG = {"CF_ACCESS_CLIENT_SECRET": "not-the-token"}


def refused(edge: str, words: str = "", **how: Any) -> Case:
    """The precondition PRE-6 is unmet, and nothing is asked of the agent."""
    assert edge in get_args(Edge), edge
    return Case("PRE-6", REFUSED, World(edge=edge, **how), deploys=False, words=words)  # type: ignore[arg-type]


def left_running(edge: str) -> Case:
    """The deploy went out, and then nothing is let in: no look at its progress, no status, no stop."""
    return Case(
        "AGT-5",
        FAIL,
        World(edge=edge),  # type: ignore[arg-type]
        stopped=False,
        also=("STP-2",),
        says=("No stop was confirmed", "Stop it by hand on the server now"),
    )


CASES: dict[str, Case] = {
    "agent down": Case("PRE-6", REFUSED, World(agent=False), deploys=False, words="502"),
    "no tunnel": refused("no_tunnel", "no tunnel is connected"),
    "no tunnel, told as JSON": refused("no_tunnel_json", "no tunnel is connected"),
    "origin down": refused("origin_down", "nothing answers behind it"),
    "slow origin": refused("slow_origin", "100 seconds"),
    "bot check": refused("bot_check", "User-Agent"),
    "redirect loop": refused("redirect_loop", "302"),
    "wrong token": refused("healthy", "refused the service token", environ=WRONG),
    "wrong token, strict": refused("strict", "wrong, expired or disabled", environ=WRONG),
    "wrong token, login beside": refused("login_redirect", "Service Auth, not Allow", environ=WRONG),
    "wrong token, login page": refused("login_page", "Service Auth, not Allow", environ=WRONG),
    "nobody guards": refused("open", "nothing guards the agent"),
    "nobody guards, wrong token": refused("open", "nothing guards the agent", environ=WRONG),
    "Access guards half": refused("half_open", "/v1/status"),
    "not through the edge": refused("no_ray", "cf-ray"),
    "the token lapses before the deploy": refused("lapses", "refused the service token"),
    "the token expires after the deploy": left_running("expires"),
    "the token expires after the deploy, strict": left_running("expires_strict"),
    "strict mode": sound(World(edge="strict")),
    "an Allow policy beside Service Auth": sound(World(edge="login_redirect")),
    "an Allow policy beside, login page with 200": sound(World(edge="login_page")),
    "Access sets its cookie": sound(World(edge="cookie")),
}
