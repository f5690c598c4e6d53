"""Chromium, headless, driven through chromedriver: one session, and one page after another.

Tests mark themselves `needs_browser` and ask for the fixture `browser`, which lives as long as the tests do.
"""

from __future__ import annotations

import subprocess
from functools import cache
from importlib.resources import files
from typing import Any

import httpx
import pytest

#: Widths of the window in CSS pixels, and the colour scheme in which axe examines a page there. Of our two
#: layouts each has one: no colour of ours depends on the width.
WIDTHS = {1280: "light", 400: "", 320: "dark"}
HEIGHT = 900
_SECONDS = 60
_FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")
_FLAGS += ("--disable-component-update", "--no-first-run")
_READY = "was started successfully on port "
#: What axe finds serious or critical. Its answer is cut to what is asked for: to name every node that passes
#: takes it as long as to examine the page.
_AXE = """const done = arguments[arguments.length - 1]
axe.run({resultTypes: ["violations", "incomplete"]}).then(found => {
 const bad = found.violations.filter(one => ["serious", "critical"].includes(one.impact))
 // Text in its background's own colour is nothing that axe is sure of.
 const same = node => node.any.some(one => one.data && one.data.messageKey == "equalRatio")
 bad.push(...found.incomplete.filter(one => one.nodes.some(same)))
 done(bad.map(one => one.id + " " + one.nodes.slice(0, 2).map(node => node.html).join(" ")).slice(0, 9))
})"""


@cache
def _axe() -> str:
    return (files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8")


class Browser:
    """One session of Chromium.

    Args:
        client: speaks to chromedriver.
        folder: where the page that is shown is written.

    """

    def __init__(self, client, folder):
        self._client, self._page, self._path = client, folder / "page.html", ""

    def __enter__(self):
        options = {"goog:chromeOptions": {"args": _FLAGS}}
        session = self._call("session", capabilities={"alwaysMatch": options})["sessionId"]
        self._path = f"session/{session}/"
        return self

    def __exit__(self, *_):
        self._client.delete(self._path.rstrip("/")).raise_for_status()

    def _call(self, path, **body) -> Any:
        answer = self._client.post(f"{self._path}{path}", json=body)
        assert answer.status_code == httpx.codes.OK, answer.text
        return answer.json()["value"]

    def show(self, page: str) -> None:
        """Load a page from a file, and wait until its scripts ran."""
        self._page.write_text(page, encoding="utf-8", errors="surrogateescape")
        self._call("url", url=self._page.as_uri())

    def devtools(self, command: str, **parameters: Any) -> Any:
        """What a command of the DevTools protocol returns."""
        return self._call("goog/cdp/execute", cmd=command, params=parameters)

    def script(self, source: str) -> Any:
        """What the body of a function returns in the page."""
        return self._call("execute/sync", script=source, args=[])

    def document(self) -> str:
        """The markup of what is loaded, as its scripts left it."""
        return self.script("return document.documentElement.outerHTML")

    def media(self, scheme: str, media: str = "") -> None:
        """Show what is loaded in a colour scheme, and on a medium ("print") if need be."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.devtools("Emulation.setEmulatedMedia", media=media, features=features)

    def width(self, width: int) -> None:
        """Show what is loaded in a window of `width` CSS pixels."""
        size = {"width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
        self.devtools("Emulation.setDeviceMetricsOverride", **size)

    def press(self, key: str, code: int, text: str = "") -> None:
        """Press a key and let it go."""
        said = {"key": key, "code": key, "windowsVirtualKeyCode": code, "text": text}
        self.devtools("Input.dispatchKeyEvent", type="keyDown", **said)
        self.devtools("Input.dispatchKeyEvent", type="keyUp", **said)

    def faults(self, page: str) -> list[str]:
        """By how much an unfolded page is wider than each window, and what keeps people out of it."""
        self.show(page)
        self.script("document.querySelectorAll('details').forEach(one => one.open = true)")
        self.script(_axe())
        found = []
        for width, scheme in WIDTHS.items():
            self.width(width)
            self.media(scheme)
            wider = self.script(
                "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            found += [f"{wider} pixels wider than {width}"] if wider > 0 else []
            if scheme:
                found += [f"{width}: {one}" for one in self._call("execute/async", script=_AXE, args=[])]
        return found


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    command = ["chromedriver", "--port=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as driver:
        try:
            said = next(line for line in driver.stdout if _READY in line)
            url = f"http://127.0.0.1:{said.partition(_READY)[2].rstrip()}".rstrip(".")
            with (
                httpx.Client(base_url=url, timeout=_SECONDS, trust_env=False) as client,
                Browser(client, tmp_path_factory.mktemp("browser")) as one,
            ):
                yield one
        finally:
            driver.terminate()
