"""Renews the deploy's lease while the run lives; without it the agent stops the container (DESIGN 5)."""

import threading

from pytest_smokedeploy.client import AgentClient
from pytest_smokedeploy.contract import LeaseRequest
from pytest_smokedeploy.lifecycle.recorder import FactRecorder
from pytest_smokedeploy.support.errors import SmokedeployError


class LeaseRenewal:
    """Renews the lease in a thread of its own, from `start` to `end`, every third of the lease.

    A failed renewal is recorded as undocumented behaviour (EXT-4); the next one follows at its time all the
    same. Nothing here raises into the run.

    Args:
        client: the agent.
        facts: records what happens.
        deploy_id: the deploy that the lease is for.
        seconds: length of the lease from each renewal.

    """

    def __init__(self, client: AgentClient, facts: FactRecorder, deploy_id: str, seconds: int) -> None:
        self._client = client
        self._facts = facts
        self._request = LeaseRequest(deploy_id=deploy_id, lease_seconds=seconds)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="smokedeploy lease", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._facts.note("lease.kept", seconds=self._request.lease_seconds)
        self._thread.start()

    def end(self) -> None:
        """Renew no more, so that the lease runs out even where the stop fails. Twice is no error."""
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
        except Exception as error:  # noqa: BLE001 - the thread must go on, or the lease runs out unnoticed
            return repr(error)
        if reading.raw.get("deploy_id") != self._request.deploy_id:
            return f"the agent renewed the deploy {str(reading.raw.get('deploy_id'))[:80]!r}"
        self._facts.note("lease.renewed", until=reading.raw.get("lease_expires_at"))
        return "; ".join(reading.problems)
