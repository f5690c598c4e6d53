"""Resolves the live tests' one host name to this machine; every other name is nobody's."""

import socket

HOST = "agent.smokedeploy.test"
_resolve = socket.getaddrinfo


def getaddrinfo(host, *rest, **named):
    name = host.decode() if isinstance(host, bytes) else host
    if name in {"127.0.0.1", "localhost", None}:
        return _resolve(host, *rest, **named)
    if name != HOST:
        raise socket.gaierror(socket.EAI_NONAME, f"{name}: the live tests know {HOST} alone")
    return _resolve("127.0.0.1", *rest, **named)


socket.getaddrinfo = getaddrinfo
