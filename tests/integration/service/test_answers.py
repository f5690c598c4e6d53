"""An answer is sent as it is written: no part of it waits for the acknowledgement of the one before."""

import asyncio
import socket
from types import SimpleNamespace

from pytest_smokedeploy.agent.main import _bind


async def delays(listener):
    """Whether a connection that this listener accepts holds small writes back."""
    accepted = asyncio.get_running_loop().create_future()

    async def take(_reader, writer):
        accepted.set_result(
            not writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        )
        writer.close()

    async with await asyncio.start_server(take, sock=listener):
        _, writer = await asyncio.open_connection(*listener.getsockname())
        try:
            return await asyncio.wait_for(accepted, 30)
        finally:
            writer.close()


def test_the_agents_socket_holds_nothing_back():
    with _bind(SimpleNamespace(bind="127.0.0.1", port=0)) as listener:
        assert asyncio.run(delays(listener)) is False


def test_one_without_its_protocol_would():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert asyncio.run(delays(listener)) is True
