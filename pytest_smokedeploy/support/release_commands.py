"""The commands by which a person releases an agent's hold, as gate and agent alike tell them (FLR-3)."""

import shlex
from typing import Final

#: Stand for what is not known where the commands are told.
STATE_PATH: Final = "STATE_PATH"
ADDRESS: Final = "ADDRESS"


def on_the_server(state_path: str = STATE_PATH) -> str:
    """The command on the agent's server, for root, under the name that `agent init` gives it there."""
    command = f"smokedeploy agent release --state {shlex.quote(state_path)} --reason '...'"
    return f"as root on the agent's server: `{command}`"


def both(state_path: str = STATE_PATH, address: str = ADDRESS) -> str:
    """Both commands, as they are typed.

    Args:
        state_path: the agent's folder.
        address: the agent's, like ``https://host``.

    """
    login, release = f"cloudflared access login {address}", f"smokedeploy release --agent {address}"
    through = (
        f"or as a person through Access, with the agent's address: `{login} && {release} --reason '...'`"
    )
    return f"{on_the_server(state_path)}, {through}"
