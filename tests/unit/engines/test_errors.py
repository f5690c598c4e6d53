"""What real engines said, Docker 20.10.24 and Podman 4.3.1, and what an operator is told of it."""

import pytest

from pytest_smokedeploy.agent.engines.docker.errors import FOREIGN, LOOK_BY_HAND, told
from pytest_smokedeploy.contract import StepName

_RUNC = (
    "failed to create shim task: OCI runtime create failed: runc create failed: unable to "
    "start container process"
)
_PODMANS_RUNC = "runc: runc create failed: unable to start container process"
_SOURCE = "initializing source docker://localhost:5000/a/b:v1"
_TAG = ("the registry has no image under this tag", "Push the image under this tag first.")
_TAKEN = (f"the name is that of {FOREIGN}", LOOK_BY_HAND)
_NO_NETWORK = ("the network can't be had", "Check NETWORK_MODE in the agent's settings.")
_DOWN = ("nothing listens at the registry's address", "Check that the registry runs.")
_PROXY = ("the engine's proxy can't be reached", "Check HTTPS_PROXY and NO_PROXY of the engine's service.")
_PROXYS_LOGIN = ("the engine's proxy wants a login", _PROXY[1])
_OTHER_NAME = (
    "the registry's certificate is for another name",
    "Name the registry as its certificate does, or give it one with this name.",
)
_PINGING = f"{_SOURCE}: pinging container registry ghcr.io: "
_DNS = "Check the image's host and the server's DNS."
_EXECUTED = (
    "the entrypoint /bin/runtime can't be executed",
    "Make it an executable file in the image: chmod +x /bin/runtime.",
)
_NOT_THERE = ("the entrypoint /not-there is not in the image", "Check the image's ENTRYPOINT and CMD.")
_NOTHING = ("the image has nothing to start", "Give the image an ENTRYPOINT or CMD.")
_NO_FOLDER = (
    "what the image has at /bin/runtime is no folder to mount on",
    "Check AUDIT_EVENTS_TARGET, SNAPSHOTS_TARGET and MOUNTS in the agent's settings.",
)
_FULL = ("the server's disk is full", "Free space on the server, and start again.")

PULL = [
    ("manifest for localhost:5000/a/b:v9 not found: manifest unknown: manifest unknown", *_TAG),
    (f"{_SOURCE}: reading manifest v1 in localhost:5000/a/b: manifest unknown: manifest unknown", *_TAG),
    (
        "no matching manifest for linux/amd64 in the manifest list entries",
        "the image is not built for this server's platform, linux/amd64",
        "Build and push it for that platform too.",
    ),
    (
        (
            "choosing an image from manifest list docker://localhost:5000/a/b:arm: no image "
            "found in manifest list for "
            'architecture amd64, variant "", OS linux'
        ),
        "the image is not built for this server's platform, amd64",
        "Build and push it for that platform too.",
    ),
    ('Get "http://localhost:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused', *_DOWN),
    (
        (
            f"{_SOURCE}: pinging container registry localhost:1: "
            'Get "http://localhost:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused'
        ),
        *_DOWN,
    ),
    (
        (
            'Get "https://registry.invalid/v2/": dial tcp: lookup registry.invalid on '
            "192.0.2.53:53: no such host"
        ),
        "the name registry.invalid can't be resolved",
        _DNS,
    ),
    (
        "toomanyrequests: You have reached your pull rate limit.",
        "the registry takes no more requests for now",
        "Wait, or log in, and start again.",
    ),
    (
        'Head "http://localhost:5000/v2/a/b/manifests/v1": no basic auth credentials',
        "the registry wants a login",
        "Log the server in to the registry.",
    ),
    (
        f"{_SOURCE}: reading manifest v1 in localhost:5000/a/b: unauthorized",
        "the registry lets this server in only with a login",
        "Log the server in to it.",
    ),
    ("denied", "the registry refuses this server", "Check the server's login and its rights there."),
    (
        (
            "pull access denied for a/b, repository does not exist or may require 'docker "
            "login': denied: requested "
            "access to the resource is denied"
        ),
        "the registry hides this repository",
        "Check its name, and log the server in.",
    ),
    (
        (
            f"{_SOURCE}: pinging container registry 127.0.0.1:5000: "
            'Get "https://127.0.0.1:5000/v2/": x509: certificate signed by unknown authority'
        ),
        "the registry's certificate is not trusted",
        "Give the engine the registry's CA.",
    ),
    (
        (
            f"{_SOURCE}: pinging container registry 127.0.0.1:5000: "
            'Get "https://127.0.0.1:5000/v2/": tls: first record does not look like a TLS handshake'
        ),
        "the registry has no TLS",
        "Give it TLS, or add it to the engine's insecure registries.",
    ),
    # Behind a proxy where nothing listens, one without a name, one that wants a login.
    *(
        (f"{before}{said}", *meant)
        for before in ("", _PINGING)
        for said, meant in (
            (
                (
                    'Get "https://ghcr.io/v2/": proxyconnect tcp: dial tcp 127.0.0.1:9: connect: '
                    "connection refused"
                ),
                _PROXY,
            ),
            (
                (
                    'Get "https://ghcr.io/v2/": proxyconnect tcp: dial tcp: lookup proxy.invalid on '
                    "192.0.2.53:53: no such host"
                ),
                _PROXY,
            ),
            ('Get "https://ghcr.io/v2/": Proxy Authentication Required', _PROXYS_LOGIN),
            (
                (
                    'Get "https://ghcr.io/v2/": dial tcp: lookup ghcr.io on 127.0.0.1:53: read udp '
                    "127.0.0.1:44627->127.0.0.1:53: read: connection refused"
                ),
                ("the name ghcr.io can't be resolved", _DNS),
            ),
        )
    ),
    (
        (
            'Get "https://192.0.2.2:5943/v2/": x509: cannot validate certificate for 192.0.2.2 because it '
            "doesn't contain any IP SANs"
        ),
        *_OTHER_NAME,
    ),
    (
        'Get "https://192.0.2.2:5943/v2/": x509: certificate is valid for 192.0.2.9, not 192.0.2.2',
        *_OTHER_NAME,
    ),
    (
        (
            'Get "https://192.0.2.2:5943/v2/": x509: certificate has expired or is not yet valid: current '
            "time 2026-11-27T00:06:52Z is after 2020-01-01T00:00:00Z"
        ),
        "the registry's certificate has expired, or the server's clock is wrong",
        "Renew it, or set the clock.",
    ),
    # A layer whose archive ends too early.
    (
        "failed to register layer: Error processing tar file(exit status 1): unexpected EOF",
        "the engine can't unpack the image",
        "Push the image anew; look at the engine's own log on the server.",
    ),
    (
        "failed to register layer: mkdir /var/lib/docker/overlay2/l: permission denied",
        "the engine may not write what it unpacks of the image",
        "Look at the rights of the engine's data folder on the server.",
    ),
    # With its data on a tmpfs of 12 MB and an image of 40 MB.
    ("write /var/lib/docker/tmp/GetImageBlob3540616429: no space left on device", *_FULL),
]
START = [
    (f'{_RUNC}: exec: "/bin/runtime": permission denied: unknown', *_EXECUTED),
    (f'{_PODMANS_RUNC}: exec: "/bin/runtime": permission denied: OCI permission denied', *_EXECUTED),
    (f'{_RUNC}: exec: "/not-there": stat /not-there: no such file or directory: unknown', *_NOT_THERE),
    (
        (
            f'{_PODMANS_RUNC}: exec: "/not-there": stat /not-there: no such file or directory: '
            f"OCI runtime attempted to "
            "invoke a command that was not found"
        ),
        *_NOT_THERE,
    ),
    (
        f'{_RUNC}: exec: "notthere": executable file not found in $PATH: unknown',
        "the entrypoint notthere is not in the image",
        "Check the image's ENTRYPOINT and CMD.",
    ),
    ("No command specified", *_NOTHING),
    ("container create: no command or entrypoint provided, and no CMD or ENTRYPOINT from image", *_NOTHING),
    (
        "unable to find user nobody1: no matching entries in passwd file",
        "the image has no user nobody1",
        "Check USER in the image.",
    ),
    (
        'invalid CapAdd: unknown capability: "CAP_BPF"',
        "this engine knows no capability CAP_BPF",
        "Take it out of CAPABILITIES in the agent's settings, or update the engine.",
    ),
    (
        'invalid mount config for type "bind": bind source path does not exist: /srv/snapshots',
        "a mount's folder is missing",
        "Create it, writable for the runtime.",
    ),
    (
        (
            f'{_RUNC}: error during container init: error mounting "/srv/audit" to rootfs at '
            f'"/bin/runtime": mount '
            "/srv/audit:/bin/runtime (via /proc/self/fd/6), flags: 0x5000: not a directory: "
            "unknown: Are you trying to "
            "mount a directory onto a file (or vice-versa)?"
        ),
        *_NO_FOLDER,
    ),
    (
        (
            f'{_PODMANS_RUNC}: error during container init: error mounting "/srv/audit" to '
            f'rootfs at "/bin/runtime": '
            "mount /srv/audit:/bin/runtime (via /proc/self/fd/6), flags: 0x5000: not a "
            "directory: OCI runtime error"
        ),
        *_NO_FOLDER,
    ),
    ("network nowhere-net not found", *_NO_NETWORK),
    ("container create: unable to find network with name or ID nowhere-net: network not found", *_NO_NETWORK),
    (
        "No such image: localhost:5000/a/b:v1",
        "the image is not on the server any more",
        "Start again: it is pulled anew.",
    ),
    (
        (
            'Conflict. The container name "/runtime-dev" is already in use by container '
            '"39b2e914f8a6". You have to '
            "remove (or rename) that container to be able to reuse that name."
        ),
        *_TAKEN,
    ),
    (
        (
            'container create: creating container storage: the container name "runtime-dev" is '
            "already in use by "
            "e562af484c6f. You have to remove that container to be able to reuse that name: "
            "that name is already in use"
        ),
        *_TAKEN,
    ),
]


@pytest.mark.parametrize(
    ("step", "said", "meaning", "remedy"),
    [*((StepName.PULL, *row) for row in PULL), *((StepName.START, *row) for row in START)],
)
def test_an_engines_sentence_has_its_meaning_and_what_to_do(step, said, meaning, remedy):
    error = told(said, step)
    assert error.message.startswith(f"{meaning} (the engine: {said[:100]}")
    assert error.remedy == remedy


@pytest.mark.parametrize("step", [None, *StepName])
def test_what_no_row_knows_is_quoted_with_where_to_look(step):
    error = told("something else altogether", step)
    assert error.message == "the engine: something else altogether."
    assert error.remedy == "Look at the engine's own log on the server."


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (StepName.PULL, 'Get "https://ghcr.io/v2/a/denied/manifests/unauthorized": EOF'),
        (StepName.PULL, "open /var/lib/docker/image/repositories.json: permission denied"),
        (
            StepName.START,
            f'{_RUNC}: error mounting "/srv/network/audit" to rootfs at "/data": input/output error',
        ),
        (StepName.START, f"{_RUNC}: chdir to cwd (/network/app) failed: no such file or directory"),
    ],
)
def test_a_word_of_a_path_or_a_name_names_no_cause(step, said):
    assert told(said, step).message == f"the engine: {said}."


def test_the_step_decides_what_a_word_means():
    assert "registry" not in str(told("permission denied", StepName.START))
    assert "network" not in told("network is unreachable", StepName.PULL).remedy.replace(
        "server's network", ""
    )
