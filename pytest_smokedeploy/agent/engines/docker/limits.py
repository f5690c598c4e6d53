"""A container's limits in the engine's terms: as they are asked for, and as they are read back."""

from collections.abc import Mapping
from typing import Any, Final

from docker.types import LogConfig

from pytest_smokedeploy.agent.engines.log_limit import FILE_BYTES
from pytest_smokedeploy.contract import Limits

_NO_NEW_PRIVILEGES: Final = "no-new-privileges"
_FILES: Final = 2
#: What a container has unless it is dropped. Podman tells of each dropped one, where Docker tells ``ALL``.
_DEFAULTS: Final = frozenset(
    {
        *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD"),
        *("NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
    }
)


def asked(limits: Limits, *, podman: bool) -> Mapping[str, Any]:
    """Arguments of the SDK's `create_host_config`.

    The log stays on the server's disk and readable, whatever the engine's own defaults are: they may drop
    lines or send them elsewhere. Podman (4.3) empties a log that reaches its limit, and nobody could tell:
    none is set there.
    """
    log = {"mode": "blocking", "compress": "false", "max-size": "1000t"}
    if limits.log_characters is not None and not podman:
        log |= {"max-size": str(limits.log_characters * FILE_BYTES), "max-file": str(_FILES)}
    return {
        "security_opt": [_NO_NEW_PRIVILEGES] if limits.no_new_privileges else None,
        "pids_limit": limits.processes,
        "mem_limit": limits.memory_bytes,
        "cap_drop": None if limits.capabilities is None else ["ALL"],
        "cap_add": [*(limits.capabilities or ())] or None,
        "log_config": LogConfig(type=LogConfig.types.JSON, config=log),
    }


def told(host: Mapping[str, Any], asked_for: Limits) -> Limits:
    """The limits that a created container has.

    Args:
        host: its `HostConfig`.
        asked_for: what was asked for: the agent itself limits the log, so only Docker's file is read back.

    """
    log = (host["LogConfig"].get("Config") or {}).get("max-size")
    wanted = asked_for.log_characters
    kept = log is None or wanted is None or log == str(wanted * FILE_BYTES)
    options = {str(option).partition(":")[0].partition("=")[0] for option in host.get("SecurityOpt") or []}
    return Limits(
        memory_bytes=host.get("Memory") or None,
        processes=processes if (processes := host.get("PidsLimit") or 0) > 0 else None,
        log_characters=wanted if kept else None,
        capabilities=tuple(sorted(_capabilities(host))),
        no_new_privileges=_NO_NEW_PRIVILEGES in options,
    )


def _capabilities(host: Mapping[str, Any]) -> frozenset[str]:
    added, dropped = (
        frozenset(str(name).removeprefix("CAP_") for name in host.get(key) or [])
        for key in ("CapAdd", "CapDrop")
    )
    return added if "ALL" in dropped else (_DEFAULTS - dropped) | added


def differences(limits: Limits, made: Limits) -> list[str]:
    """Each limit that was asked for and is another; where none was asked for the engine may have its own."""
    rows = ((name, wanted, getattr(made, name)) for name, wanted in limits if wanted is not None)
    return [
        f"its {_WORDS[name]} {_shown(there)}, and {_shown(wanted)} was asked for"
        for name, wanted, there in rows
        if there != wanted
    ]


_WORDS: Final = {
    "memory_bytes": "memory limit in bytes is",
    "processes": "limit on processes is",
    "log_characters": "limit on the log's characters is",
    "capabilities": "capabilities are",
    "no_new_privileges": "no-new-privileges is",
}


def _shown(value: object) -> str:
    return (", ".join(value) if isinstance(value, tuple) else "" if value is None else str(value)) or "none"
