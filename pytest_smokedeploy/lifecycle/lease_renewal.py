"""Keeps the container lent to this run while it lives; then the agent stops it itself (DESIGN 5, layer 5)."""

from __future__ import annotations

import threading

from pytest_smokedeploy.client import AgentClient
from pytest_smokedeploy.contract import LeaseRequest
from pytest_smokedeploy.lifecycle.recorder import FactRecorder
from pytest_smokedeploy.support.errors import SmokedeployError


class LeaseRenewal:
    """Renews in a thread of its own, from `start` to `end`, every third of the lease.

    A renewal that fails is written down and is undocumented behaviour (EXT-4); the next one is due
    in its turn all the same. Nothing here raises into the run.

    Args:
        client: the agent.
        facts: takes what happens.
        deploy_id: the deploy that is lent.
        seconds: how long a renewal lends it.

    """

    def __init__(self, client: AgentClient, facts: FactRecorder, deploy_id: str, seconds: int) -> None:
        self._client = client
        self._facts = facts
        self._request = LeaseRequest(deploy_id=deploy_id, lease_seconds=seconds)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="smokedeploy lease", daemon=True)

    def start(self) -> None:
        """Begin to renew."""
        self._facts.note("lease.kept", seconds=self._request.lease_seconds)
        self._thread.start()

    def end(self) -> None:
        """Renew no more: the stop is due, and should it fail, the lease runs out. Twice is no error."""
        self._over.set()

    def _keep(self) -> None:
        while not self._over.wait(self._request.lease_seconds / 3):
            failed = self._renew()
            if failed and not self._over.is_set():
                self._facts.note("lease.failed", words=failed)
                self._facts.oddities.append(f"the lease could not be renewed: {failed}")

    def _renew(self) -> str:
        """Renew once; returns what went wrong, "" for nothing."""
        try:
            reading = self._client.renew(self._request)
        except SmokedeployError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - a thread that dies silently would let the lease run out
            return repr(error)
        if reading.raw.get("deploy_id") != self._request.deploy_id:
            return f"the agent renewed the deploy {str(reading.raw.get('deploy_id'))[:80]!r}"
        self._facts.note("lease.renewed", until=reading.raw.get("lease_expires_at"))
        return "; ".join(reading.problems)
