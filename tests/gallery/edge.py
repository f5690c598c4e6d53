"""Access, tunnel and edge, each row of what they answer in the agent's place."""

from __future__ import annotations

from pytest_smokedeploy.rehearsal import World
from tests.gallery.case import REFUSED, Case

CASES: dict[str, Case] = {
    "agent down": Case("PRE-6", REFUSED, 1, World(agent=False), deploys=False),
    "no tunnel": Case("PRE-6", REFUSED, 1, World(edge="no_tunnel"), deploys=False),
    "origin down": Case("PRE-6", REFUSED, 1, World(edge="origin_down"), deploys=False),
    "wrong token": Case(
        "PRE-6", REFUSED, 1, World(environ={"CF_ACCESS_CLIENT_SECRET": "not-the-token"}), deploys=False
    ),
    "wrong token, strict": Case(
        "PRE-6",
        REFUSED,
        1,
        World(edge="strict", environ={"CF_ACCESS_CLIENT_SECRET": "not-the-token"}),
        deploys=False,
    ),
    "nobody guards": Case("PRE-6", REFUSED, 1, World(edge="open"), deploys=False),
    "not through the edge": Case("PRE-6", REFUSED, 1, World(edge="no_ray"), deploys=False),
}
