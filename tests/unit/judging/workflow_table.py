"""Deploy workflows as data: what passes, and what is refused with its clause and a part of the words."""

from __future__ import annotations

from pathlib import Path

DEPLOY = (Path(__file__).parents[3] / ".github" / "workflows" / "deploy.yml").read_text(encoding="utf-8")
GATE = "run: exec .venv/bin/pytest -p smokedeploy smoke_tests"
STOP = "run: exec .venv/bin/smokedeploy stop"
VERIFY = 'run: exec .venv/bin/smokedeploy verify smoke-evidence --max-age 1 --run "$GITHUB_RUN_ID"'
INSTALL = "run: python3 -m venv .venv && .venv/bin/pip install --quiet ."
SECRETS = """          DEPLOY_ENDPOINT: ${{ secrets.DEPLOY_ENDPOINT }}
          CF_ACCESS_CLIENT_ID: ${{ secrets.CF_ACCESS_CLIENT_ID }}
          CF_ACCESS_CLIENT_SECRET: ${{ secrets.CF_ACCESS_CLIENT_SECRET }}
"""
BEFORE = "      - name: Install the gate\n"
LAST = "      - name: Keep the evidence\n"
PIN = "@0123456789abcdef0123456789abcdef01234567"
G = "pytest -p smokedeploy smoke_tests"


def edit(*changes: tuple[str, str]) -> str:
    """The laid workflow with parts changed, each where it stands first."""
    text = DEPLOY
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def script(*lines: str) -> str:
    """The laid workflow, whose gate's step runs these lines."""
    return edit((GATE, "run: |\n" + "\n".join(f"          {line}" for line in lines)))


def step(text: str, before: str = BEFORE) -> str:
    """The laid workflow with one more step, `text` as a YAML flow mapping."""
    return edit((before, f"      - {text}\n{before}"))


def job(text: str) -> str:
    """The laid workflow with one more job, lines of `text` indented as a job's."""
    return DEPLOY + "".join(f"  {line}\n" for line in text.strip("\n").split("\n"))


def env(line: str, old: str = "    env:\n") -> str:
    """The laid workflow with one more variable of the gate's job."""
    return edit((old, f"{old}      {line}\n"))


#: By which the gate is told the inputs.
TOLD = (
    "SMOKEDEPLOY_ENVIRONMENT: ${{ inputs.environment }}",
    "SMOKEDEPLOY_IMAGE_TAG: ${{ inputs.image_tag }}",
)

#: Workflows in which nothing is refused.
PASSES: dict[str, str] = {
    "dev, written out": edit((TOLD[0], "SMOKEDEPLOY_ENVIRONMENT: dev")),
    "inputs of the event": edit((TOLD[1], "SMOKEDEPLOY_IMAGE_TAG: ${{github.event.inputs.image_tag}}")),
    "as laid": DEPLOY,
    "a venv made by uv": edit((INSTALL, "run: uv venv && uv pip install --python .venv/bin/python .")),
    "the package by its name": edit(
        (INSTALL, "run: pip install pytest-smokedeploy==1.2.3"), (".venv/bin/pytest", "pytest")
    ),
    "a requirements file": edit((INSTALL, "run: pip install --require-hashes -r gate.txt")),
    "python -m pytest": edit((GATE, "run: exec .venv/bin/python -m pytest -p smokedeploy smoke_tests")),
    "python3.12 of a folder": edit(
        (GATE, "run: exec /opt/gate/bin/python3.12 -m pytest smoke_tests -p smokedeploy")
    ),
    "pytest of the PATH": edit((GATE, f"run: exec {G}"), (".venv/bin/smokedeploy", "smokedeploy")),
    "stop and verify as modules": edit(
        (STOP, "run: exec .venv/bin/python -m pytest_smokedeploy stop"),
        (".venv/bin/smokedeploy verify", ".venv/bin/python -m pytest_smokedeploy verify"),
    ),
    "options": edit((GATE, f"{GATE} -v -q --color=yes --tb short")),
    "the inputs as options": edit(
        (TOLD[0], "SMOKEDEPLOY_E: ${{ inputs.environment }}"),
        (TOLD[1], "SMOKEDEPLOY_TAG: ${{ inputs.image_tag }}"),
        (
            GATE,
            f'{GATE} --smokedeploy-environment "$SMOKEDEPLOY_E" --smokedeploy-image-tag="$SMOKEDEPLOY_TAG"',
        ),
    ),
    "a settings file of its own": edit(
        (GATE, f"{GATE} --smokedeploy-config=deploy/smokedeploy.yml"),
        (STOP, f"{STOP} --smokedeploy-config deploy/smokedeploy.yml"),
    ),
    "a folder that all three are given": edit(
        (GATE, f"{GATE} --smokedeploy-evidence=./out"),
        (STOP, f"{STOP} --evidence out"),
        ("verify smoke-evidence", "verify out/"),
    ),
    "a folder of the whole workflow": edit(
        ("      SMOKEDEPLOY_EVIDENCE: smoke-evidence\n", ""),
        ("permissions: {}\n", "permissions: {}\nenv: {SMOKEDEPLOY_EVIDENCE: out/evidence}\n"),
        ("verify smoke-evidence", "verify out/evidence"),
    ),
    "the folder's default": edit(("      SMOKEDEPLOY_EVIDENCE: smoke-evidence\n", "")),
    "a folder elsewhere": edit(
        ("SMOKEDEPLOY_EVIDENCE: smoke-evidence", "SMOKEDEPLOY_EVIDENCE: /srv/evidence"),
        ("verify smoke-evidence", "verify /srv/evidence"),
    ),
    "a working directory of the job": edit(
        ("    env:\n", "    defaults: {run: {shell: bash, working-directory: services/runtime}}\n    env:\n")
    ),
    "a working directory of the three steps": edit(
        (GATE, f"working-directory: sub\n        {GATE}"),
        (STOP, f"working-directory: ./sub\n        {STOP}"),
        (VERIFY, f"working-directory: sub/\n        {VERIFY}"),
    ),
    "defaults of the workflow": edit(
        ("permissions: {}\n", "permissions: {}\ndefaults:\n  run:\n    shell: bash\n")
    ),
    "another shell for others": edit(
        ("permissions: {}\n", "permissions: {}\ndefaults: {run: {shell: pwsh}}\n"),
        (GATE, f"shell: bash\n        {GATE}"),
        (STOP, f"shell: sh\n        {STOP}"),
        (VERIFY, f"shell: bash\n        {VERIFY}"),
    ),
    "two lines of one command": script(
        "exec .venv/bin/pytest -p smokedeploy smoke_tests \\", "  -v --color=yes"
    ),
    "a folded command": edit(
        (GATE, "run: >-\n          exec .venv/bin/pytest\n          -p smokedeploy\n          smoke_tests")
    ),
    "a block of one line": script("exec .venv/bin/pytest -p smokedeploy smoke_tests"),
    "quotes": edit((GATE, "run: exec \".venv/bin/pytest\" -p 'smokedeploy' smoke_tests")),
    "a braced run id": edit(('"$GITHUB_RUN_ID"', '"${GITHUB_RUN_ID}"')),
    "an expression around always": edit(("if: always()\n        env", "if: ${{ always() }}\n        env")),
    "self-hosted": edit(("runs-on: ubuntu-latest", "runs-on: [self-hosted, linux, dev]")),
    "a group of runners": edit(("runs-on: ubuntu-latest", "runs-on: {group: deploys, labels: [dev]}")),
    "no time-out of its own": edit(("    timeout-minutes: 20\n", "")),
    "time-outs": edit(
        ("timeout-minutes: 20", "timeout-minutes: 30"), (GATE, f"timeout-minutes: 25\n        {GATE}")
    ),
    "an environment without a deployment": edit(
        ("environment: dev\n    perm", "environment: {name: dev, deployment: false}\n    perm")
    ),
    "more environments offered": edit(("options: [dev]", "options: [dev, staging, prod]")),
    "an environment input": edit(("type: choice\n        options: [dev]", "type: environment")),
    "more inputs": edit(
        ("      image_tag:\n", "      reason: {type: string, default: none}\n      image_tag:\n")
    ),
    "a default version": edit(("type: string\n", "type: string\n        default: v1.2.3\n")),
    "no inputs' defaults": edit(("        default: dev\n", "")),
    "a quoted on": edit(("on:\n", '"on":\n')),
    "a run's name": edit(
        ("name: Smoke deploy\n", "name: smokedeploy\nrun-name: smokedeploy of ${{ inputs.image_tag }}\n")
    ),
    "a job that runs for dev alone": edit(
        ("    runs-on: ubuntu-latest\n", "    if: inputs.environment == 'dev'\n    runs-on: ubuntu-latest\n")
    ),
    "a job after another": edit(
        ("jobs:\n", "jobs:\n  image:\n    runs-on: ubuntu-latest\n    steps: [{run: make image}]\n"),
        (
            "    runs-on: ubuntu-latest\n    timeout",
            "    needs: [image]\n    runs-on: ubuntu-latest\n    timeout",
        ),
    ),
    "outputs": edit(
        ("    env:\n", "    outputs: {tag: '${{ inputs.image_tag }}'}\n    env:\n"),
        (GATE, f"id: gate\n        {GATE}"),
    ),
    "a concurrency of the job": edit(
        ("concurrency:\n  group: smoke-deploy-dev\n  cancel-in-progress: false\n", ""),
        ("    env:\n", "    concurrency: {group: dev}\n    env:\n"),
    ),
    "a group's name alone": edit(
        ("concurrency:\n  group: smoke-deploy-dev\n  cancel-in-progress: false\n", "concurrency: dev\n")
    ),
    "an ordinary deploy beside": job(
        """
deploy:
  needs: [smoke-deploy]
  if: inputs.environment != 'dev'
  strategy: {matrix: {region: [a, b]}}
  runs-on: ubuntu-latest
  environment: ${{ inputs.environment }}
  container: debian:12
  env: {PYTHONPATH: src, TOKEN: '${{ secrets.DEPLOY_TOKEN }}'}
  continue-on-error: true
  steps:
    - run: for i in 1 2; do ./deploy && break; done
    - uses: ./.github/actions/announce
      if: always()
"""
    ),
    "a called workflow beside": job("\nother:\n  uses: ./.github/workflows/other.yml\n  secrets: inherit\n"),
    "tests of its own": step("{name: Test, run: .venv/bin/pytest tests || true, continue-on-error: true}"),
    "a Python that is set up": step(
        f"{{uses: actions/setup-python{PIN}, with: {{python-version: '3.12', cache: pip}}}}"
    ),
    "a cache": step(
        f"{{uses: actions/cache{PIN}, with: {{path: ~/.cache, key: \"pip-${{{{ hashFiles('*.txt') }}}}\"}}}}"
    ),
    "the whole history": edit(
        ("persist-credentials: false", "fetch-depth: 0\n          persist-credentials: false")
    ),
    "a summary": step("{if: always(), run: 'cat notes.md >> \"$GITHUB_STEP_SUMMARY\"'}", LAST),
    "a message": step(
        f"{{if: failure(), uses: someone/chat{PIN}, with: {{text: the smoke deploy failed}}}}", LAST
    ),
    "a database of its own": edit(
        (
            "          GITHUB_TOKEN:",
            "          DATABASE_URL: ${{ secrets.DATABASE_URL }}\n          GITHUB_TOKEN:",
        )
    ),
    "a token that may list secrets": edit(("${{ github.token }}", "${{ secrets.ENVIRONMENTS_TOKEN }}")),
    "a variable that the settings list": env("SSL_CERT_FILE: company.pem"),
    "secrets of the job": edit(
        ("    env:\n", f"    env:\n{SECRETS.replace('          ', '      ')}"),
        (f"        env:\n{SECRETS}          GITHUB", "        env:\n          GITHUB"),
        (f"        env:\n{SECRETS}", ""),
    ),
    "anchors": edit(
        (f"        env:\n{SECRETS}", f"        env: &secrets\n{SECRETS}"),
        (f"        env:\n{SECRETS}", "        env: *secrets\n"),
    ),
    "an anchored step": edit(
        ("      - name: Check out\n", "      - &checkout\n        name: Check out\n"),
    )
    + "  other:\n    runs-on: ubuntu-latest\n    steps: [*checkout, {run: make}]\n",
}
PASSES |= {
    "the package by its module's name": edit((INSTALL, "run: pip install -q 'pytest_smokedeploy==1.2.3'")),
    "a cache by the settings file": step(
        f"{{uses: actions/cache{PIN}, "
        "with: {path: x, key: \"${{ hashFiles('smoke_tests/smokedeploy.yml') }}\"}}"
    ),
    "an artifact of that name": edit(("name: smoke-evidence-", "name: smokedeploy-evidence-")),
    "a gate's job of that name": edit(("  smoke-deploy:\n", "  smokedeploy:\n"))
    + "  other:\n    needs: smokedeploy\n    runs-on: x\n    steps: [{run: make}]\n",
    "programs of a folder named pytest": edit(
        (".venv/bin/pytest", "/opt/pytest/bin/pytest"),
        (".venv/bin/smokedeploy", "/opt/pytest/bin/smokedeploy"),
        (".venv/bin/smokedeploy", "/opt/pytest/bin/smokedeploy"),
    ),
    "False in YAML's other spelling": edit(("cancel-in-progress: false", "cancel-in-progress: False")),
    "a check before it": step("{run: .venv/bin/smokedeploy check}", "      - name: Run the gate\n"),
    "a check of a settings file": step(
        "{name: smokedeploy check, run: exec .venv/bin/smokedeploy check --config deploy/smokedeploy.yml}",
        "      - name: Run the gate\n",
    ),
    "settings by the job's variable": env("SMOKEDEPLOY_CONFIG: deploy/smokedeploy.yml"),
    "time-outs of stop and verify": edit(
        (STOP, f"timeout-minutes: 3\n        {STOP}"), (VERIFY, f"timeout-minutes: 1\n        {VERIFY}")
    ),
    "another group that cancels": job(
        "\nother:\n  concurrency: {group: docs, cancel-in-progress: true}\n"
        "  runs-on: x\n  steps: [{run: make}]\n"
    ),
    "half an hour": edit(("--max-age 1", "--max-age 0.5")),
}

#: Workflows that are refused: text, clause, a part of the words.
REFUSED: dict[str, tuple[str, str, str]] = {
    # the step that closes the door
    "verify or true": (
        edit(('--run "$GITHUB_RUN_ID"', '--run "$GITHUB_RUN_ID" || true')),
        "FLR-1",
        "63: `smokedeploy verify` is not started by one simple command: '||'",
    ),
    "no verify": (
        edit((VERIFY, "run: 'true'")),
        "FLR-1",
        "no step after the gate in its job runs `smokedeploy verify`",
    ),
    "verify goes on after an error": (
        edit((VERIFY, f"{VERIFY}\n        continue-on-error: true")),
        "FLR-1",
        "64: the step of `smokedeploy verify` has the key 'continue-on-error'",
    ),
    "verify of any run": (
        edit((' --max-age 1 --run "$GITHUB_RUN_ID"', "")),
        "FLR-1",
        "takes the evidence of any run",
    ),
    "verify of a run written out": (edit(('"$GITHUB_RUN_ID"', "4711")), "FLR-1", "'--run 4711'"),
    "a bare run id": (
        edit(('"$GITHUB_RUN_ID"', "$GITHUB_RUN_ID")),
        "FLR-1",
        "'$GITHUB_RUN_ID' is no plain word",
    ),
    "verify of another folder": (
        edit(("verify smoke-evidence", "verify docs/old-evidence")),
        "FLR-1",
        "looks in docs/old-evidence, and the gate writes to smoke-evidence",
    ),
    "verify elsewhere": (
        edit((VERIFY, f"working-directory: old\n        {VERIFY}")),
        "FLR-1",
        "looks in old/smoke-evidence",
    ),
    "verify on success of nothing": (
        edit((VERIFY, f"if: failure()\n        {VERIFY}")),
        "FLR-2",
        "has the key 'if'",
    ),
    "verify before the gate": (
        edit((VERIFY, "run: 'true'"), (BEFORE, f"      - {VERIFY}\n{BEFORE}")),
        "FLR-1",
        "stands outside",
    ),
    "verify in another job": (
        edit((VERIFY, "run: 'true'")) + f"  other:\n    runs-on: x\n    steps:\n      - {VERIFY}\n",
        "FLR-1",
        "no step after the gate",
    ),
    "verify without exec": (
        edit(("exec .venv/bin/smokedeploy verify", ".venv/bin/smokedeploy verify")),
        "FLR-1",
        "begin with `exec`",
    ),
    "verify shows its help": (
        edit(("verify smoke-evidence", "verify --help smoke-evidence")),
        "FLR-1",
        "'--help'",
    ),
    "verify by another program": (
        edit((".venv/bin/smokedeploy verify", ".venv/bin/true smokedeploy verify")),
        "FLR-1",
        "`exec` starts '.venv/bin/true'",
    ),
    "two folders": (edit(("verify smoke-evidence", "verify smoke-evidence old")), "FLR-1", "is given"),
    # the step that stops
    "no stop": (
        edit((STOP, "run: 'true'")),
        "FLR-2",
        "no step after the gate in its job runs `smokedeploy stop`",
    ),
    "a stop on success": (
        edit(("if: always()\n        env", "if: success()\n        env")),
        "FLR-2",
        "does not run where the gate failed",
    ),
    "a stop on failure alone": (
        edit(("if: always()\n        env", "if: failure()\n        env")),
        "FLR-2",
        "does not run where the gate failed",
    ),
    "a stop without if": (
        edit(("        if: always()\n        env", "        env")),
        "FLR-2",
        "does not run where the gate failed",
    ),
    "a stop sometimes": (
        edit(("if: always()\n        env", "if: always() && false\n        env")),
        "FLR-2",
        "does not run where the gate failed",
    ),
    "a stop without exec": (
        edit((STOP, "run: .venv/bin/smokedeploy stop")),
        "FLR-2",
        "`smokedeploy stop` does not begin with `exec`",
    ),
    "a stop elsewhere": (
        edit((STOP, f"{STOP} --evidence=out")),
        "FLR-2",
        "looks in out, and the gate writes to smoke-evidence",
    ),
    "a stop of an empty folder": (
        edit(
            (
                "        env:\n" + SECRETS + f"        {STOP}",
                f"        env:\n          SMOKEDEPLOY_EVIDENCE: ''\n        {STOP}",
            )
        ),
        "FLR-2",
        "looks in None",
    ),
    "the gate writes elsewhere": (
        edit((GATE, f"{GATE} --smokedeploy-evidence out")),
        "FLR-1",
        "the gate writes to out",
    ),
    "the gate starts elsewhere": (
        edit((GATE, f"working-directory: sub\n        {GATE}")),
        "FLR-1",
        "sub/smoke-evidence",
    ),
    "a folder made as it runs": (
        edit(("EVIDENCE: smoke-evidence", "EVIDENCE: ${{ runner.temp }}/e")),
        "FLR-2",
        "no plain path",
    ),
    # the gate's command
    "env before it": (
        edit((GATE, f"run: exec env -u GITHUB_ACTIONS .venv/bin/{G}")),
        "FLR-1",
        "`exec` starts 'env'",
    ),
    "a rehearsal": (
        edit((GATE, f"run: exec .venv/bin/{G} --smokedeploy-rehearse")),
        "FLR-1",
        "may not be given '--smokedeploy-rehearse'",
    ),
    "a variable before it": (
        edit((GATE, f"run: GITHUB_ACTIONS=false exec .venv/bin/{G} --smokedeploy-rehearse")),
        "FLR-2",
        "begin with `exec`",
    ),
    "make": (edit((GATE, "run: make gate")), "FLR-1", "24: no step runs the gate"),
    "a script of one's own": (edit((GATE, "run: exec ci/smoke")), "FLR-1", "no step runs the gate"),
    "no exec": (
        edit((GATE, f"run: .venv/bin/{G}")),
        "FLR-2",
        "53: the command of the gate does not begin with `exec`: a cancelled job's SIGINT",
    ),
    "or true": (edit((GATE, f"{GATE} || true")), "FLR-1", "'||' is no plain word"),
    "a pipe": (edit((GATE, f"{GATE} | tee log")), "FLR-1", "'|' is no plain word"),
    "a pipe that fails": (script("set -o pipefail", f"{G} | tee log"), "FLR-1", "more than one command line"),
    "a trap": (script("trap 'exit 0' EXIT", G), "FLR-1", "more than one command line"),
    "a function": (script(f"gate() {{ {G}; }}", "gate || true"), "FLR-1", "more than one command line"),
    "an echo": (script(f'echo "$({G})"'), "FLR-1", "no plain word"),
    "backticks": (script(f"echo `{G}`"), "FLR-1", "no plain word"),
    "an eval": (script(f'eval "{G} || true"'), "FLR-1", "no plain word"),
    "a command in a variable": (
        script("CMD=pytest", "$CMD -p smokedeploy smoke_tests || true"),
        "FLR-1",
        "more than one command line",
    ),
    "bash +e": (script(f"bash +e -c '{G}; true'"), "FLR-1", "no plain word"),
    "the background": (script(f"{G} & wait"), "FLR-1", "no plain word"),
    "an output that is kept": (script(f"out=$({G})", 'echo "$out"'), "FLR-1", "more than one command line"),
    "a status that is kept": (
        script("rc=0", f"{G} || rc=$?", 'exit "$rc"'),
        "FLR-1",
        "more than one command line",
    ),
    "a second line": (script(GATE[5:], "true"), "FLR-1", "more than one command line"),
    "a comment line": (script("# the gate", GATE[5:]), "FLR-1", "more than one command line"),
    "a comment behind it": (edit((GATE, f"{GATE} -q#v")), "FLR-1", "'-q#v' is no plain word"),
    "a line that goes on in a word": (
        script("exec .venv/bin/pytest -p smokedeploy smoke_te\\", "sts"),
        "FLR-1",
        "more than one command line",
    ),
    "a space that is none": (edit((GATE, f"{GATE}\u00a0-v")), "FLR-1", r"'smoke_tests\xa0-v'"),
    "a line that ends in a separator": (edit((GATE, f'run: "{GATE[5:]}\\u2028true"')), "FLR-1", r"\u2028"),
    "an expression": (edit((GATE, f"{GATE} ${{{{ inputs.image_tag }}}}")), "FLR-1", "'${{' is no plain word"),
    "a glob": (
        edit((GATE, "run: exec .venv/bin/pytest -p smokedeploy smoke_test*")),
        "FLR-1",
        "no plain word",
    ),
    "a variable as operand": (
        edit((GATE, "run: exec .venv/bin/pytest -p smokedeploy smoke_tests $MORE")),
        "FLR-1",
        "'$MORE' is no plain word",
    ),
    "a variable that the shell splits": (
        edit((GATE, f"{GATE} --smokedeploy-image-tag $SMOKEDEPLOY_TAG")),
        "FLR-1",
        "'$SMOKEDEPLOY_TAG' is no plain word",
    ),
    "a gate in a comment": (edit((GATE, f"run: 'true # {GATE[5:]}'")), "FLR-1", "'#' is no plain word"),
    "an argument file": (
        edit((GATE, "run: exec .venv/bin/pytest -p smokedeploy @smoke_tests")),
        "FLR-1",
        "'@smoke",
    ),
    "arguments behind a dash": (edit((GATE, f"{GATE} -- -x")), "FLR-1", "may not be given '--'"),
    "a redirection": (edit((GATE, f"{GATE} >log")), "FLR-1", "no plain word"),
    "one check alone": (
        edit((GATE, f"{GATE}/test_1_preconditions.py")),
        "FLR-1",
        "not the folder smoke_tests alone",
    ),
    "other tests": (
        edit((GATE, "run: exec .venv/bin/pytest -p smokedeploy tests")),
        "FLR-1",
        "is given 'tests'",
    ),
    "a choice of checks": (edit((GATE, f"{GATE} -k status")), "FLR-1", "may not be given '-k'"),
    "another plug-in": (edit((GATE, f"{GATE} -p other")), "FLR-1", "'-p other'"),
    "a plug-in left out": (edit((GATE, f"{GATE} -p no:timeout")), "FLR-1", "'-p no:timeout'"),
    "without its own": (
        edit((GATE, "run: exec .venv/bin/pytest smokedeploy/smoke_tests")),
        "FLR-1",
        "without `-p smokedeploy`",
    ),
    "an ini option": (edit((GATE, f"{GATE} -o addopts=-x")), "FLR-1", "'-o'"),
    "a list": (edit((GATE, f"{GATE} --collect-only")), "FLR-1", "'--collect-only'"),
    "an option twice": (edit((GATE, f"{GATE} --tb=short --tb=long")), "FLR-1", "'--tb long'"),
    "another module": (
        edit((GATE, "run: exec .venv/bin/python -m coverage -m pytest -p smokedeploy smoke_tests")),
        "FLR-1",
        "`exec` starts ''",
    ),
    "python of the PATH": (edit((GATE, f"run: exec python -m {G}")), "FLR-1", "`exec` starts 'python'"),
    "a name for exec": (edit((GATE, f"run: exec -a true .venv/bin/{G}")), "FLR-1", "may not be given '-a'"),
    # the gate's step
    "the gate's step has an if": (
        edit((GATE, f"if: success()\n        {GATE}")),
        "FLR-2",
        "the step of the gate has the key 'if'",
    ),
    "the gate always": (
        edit((GATE, f"if: always()\n        {GATE}")),
        "FLR-2",
        "the step of the gate has the key 'if'",
    ),
    "continue-on-error": (
        edit((GATE, f"continue-on-error: true\n        {GATE}")),
        "FLR-1",
        "53: the step of the gate has the key 'continue-on-error'",
    ),
    "continue-on-error, by an expression": (
        edit((GATE, f"continue-on-error: ${{{{ inputs.lax }}}}\n        {GATE}")),
        "FLR-1",
        "has the key 'continue-on-error'",
    ),
    "a shell of one's own": (
        edit((GATE, f"shell: bash +e {{0}}\n        {GATE}")),
        "FLR-1",
        "53: the gate runs under the shell 'bash +e {0}'",
    ),
    "a shell of the job": (
        edit(("    env:\n", "    defaults: {run: {shell: 'sh -c true {0}'}}\n    env:\n")),
        "FLR-1",
        "under the shell 'sh -c true {0}'",
    ),
    "a shell of the workflow": (
        edit(("permissions: {}\n", "permissions: {}\ndefaults: {run: {shell: python}}\n")),
        "FLR-1",
        "under the shell 'python'",
    ),
    "a shell by an expression": (
        edit((GATE, f"shell: ${{{{ inputs.shell }}}}\n        {GATE}")),
        "FLR-1",
        "under the shell",
    ),
    "a working directory made as it runs": (
        edit((GATE, f"working-directory: ${{{{ inputs.where }}}}\n        {GATE}")),
        "FLR-2",
        "no plain path",
    ),
    "an action": (
        edit((GATE, f"uses: someone/runner{PIN}\n        with: {{command: {G}}}")),
        "FLR-1",
        "runs the gate",
    ),
    "a step cut early": (
        edit((GATE, f"timeout-minutes: 5\n        {GATE}")),
        "FLR-2",
        "53: `timeout-minutes: 5` is less than",
    ),
    # once
    "a loop": (script(f"for i in 1 2 3; do {G} && break; done"), "FLR-4", "`for` may run it again"),
    "a retry action": (
        edit((GATE, f"uses: someone/retry{PIN}\n        with: {{command: {G}}}")),
        "FLR-4",
        "runs the gate again when it fails",
    ),
    "a retry command": (script(f"retry 3 -- {G}"), "FLR-2", "begin with `exec`"),
    "a second step": (
        edit((GATE, f"{GATE}\n      - if: failure()\n        {GATE}")),
        "FLR-4",
        "54: one dispatch runs the gate more than once",
    ),
    "a second job": (job(f"\nagain:\n  runs-on: x\n  steps:\n    - {GATE}\n"), "FLR-4", "more than once"),
    "a job that is the first one's alias": (
        edit(("  smoke-deploy:\n", "  smoke-deploy: &gate\n")) + "  again: *gate\n",
        "FLR-4",
        "more than once",
    ),
    "a matrix": (
        edit(("    env:\n", "    strategy: {matrix: {n: [1, 2]}}\n    env:\n")),
        "FLR-4",
        "has the key 'strategy'",
    ),
    "a matrix of one": (
        edit(("    env:\n", "    strategy: {matrix: {n: [1]}}\n    env:\n")),
        "FLR-4",
        "has the key 'strategy'",
    ),
    # its job
    "the job continues on error": (
        edit(("    env:\n", "    continue-on-error: true\n    env:\n")),
        "FLR-1",
        "the gate's job 'smoke-deploy' has the key 'continue-on-error'",
    ),
    "a container": (
        edit(("    env:\n", "    container: debian:12\n    env:\n")),
        "FLR-1",
        "has the key 'container'",
    ),
    "services": (
        edit(("    env:\n", "    services: {db: {image: postgres}}\n    env:\n")),
        "FLR-1",
        "has the key 'services'",
    ),
    "a job that always runs": (
        edit(("    env:\n", "    if: ${{ always() }}\n    env:\n")),
        "FLR-2",
        "`always()` on the gate's job",
    ),
    "a job that calls": (
        f"{DEPLOY[: DEPLOY.index('jobs:')]}jobs:\n  gate:\n    uses: ./.github/workflows/gate.yml\n",
        "FLR-1",
        "no step runs the gate",
    ),
    "no jobs at all": (f"{DEPLOY[: DEPLOY.index('jobs:')]}jobs: {{}}\n", "FLR-1", "no step runs the gate"),
    "a short time-out": (
        edit(("timeout-minutes: 20", "timeout-minutes: 11")),
        "FLR-2",
        "28: `timeout-minutes: 11` is less than",
    ),
    "a time-out by an expression": (
        edit(("timeout-minutes: 20", "timeout-minutes: ${{ vars.T }}")),
        "FLR-2",
        "28: `timeout-minutes: ${{ vars.T }}` is no number",
    ),
    "cancel in progress": (
        edit(("cancel-in-progress: false", "cancel-in-progress: true")),
        "FLR-2",
        "22: a second dispatch cancels the gate",
    ),
    "cancel in progress, by an expression": (
        edit(("cancel-in-progress: false", "cancel-in-progress: ${{ inputs.x }}")),
        "FLR-2",
        "cancels the gate",
    ),
    "cancel in progress, in the job": (
        edit(("    env:\n", "    concurrency: {group: g, cancel-in-progress: yes}\n    env:\n")),
        "FLR-2",
        "cancels the gate",
    ),
    # the environment whose secrets it gets
    "an environment from an input": (
        edit(("environment: dev\n    perm", "environment: ${{ inputs.environment }}\n    perm")),
        "PRE-4",
        "30: the gate's job 'smoke-deploy' is given the secrets of '${{ inputs.environment }}'",
    ),
    "no environment": (edit(("    environment: dev\n", "")), "PRE-4", "names no `environment:`"),
    "staging": (edit(("environment: dev\n    perm", "environment: staging\n    perm")), "PRE-4", "'staging'"),
    "prod": (edit(("environment: dev\n    perm", "environment: prod\n    perm")), "TGT-3", "'prod'"),
    "a named prod": (
        edit(("environment: dev\n    perm", "environment: {name: eu-prod}\n    perm")),
        "TGT-3",
        "'eu-prod'",
    ),
    "an environment with a URL": (
        edit(("environment: dev\n    perm", "environment: {name: dev, url: 'https://x.example'}\n    perm")),
        "PRE-4",
        "has the key 'url'",
    ),
    "an environment of a matrix": (
        edit(
            (
                "environment: dev\n    perm",
                "environment: ${{ matrix.w }}\n    strategy: {matrix: {w: [dev, prod]}}\n    perm",
            )
        ),
        "PRE-4",
        "'${{ matrix.w }}'",
    ),
    # variables
    "pytest's options": (
        env("PYTEST_ADDOPTS: '-p other'"),
        "FLR-1",
        "35: the gate is given the variable 'PYTEST_ADDOPTS'",
    ),
    "pytest's plug-ins": (
        edit(("          GITHUB_TOKEN:", "          PYTEST_PLUGINS: other\n          GITHUB_TOKEN:")),
        "FLR-1",
        "'PYTEST_PLUGINS', which it does not know",
    ),
    "a path of modules": (
        edit(("permissions: {}\n", "permissions: {}\nenv: {PYTHONPATH: .}\n")),
        "FLR-1",
        "19: the gate is given the variable 'PYTHONPATH'",
    ),
    "a shell's own script": (env("BASH_ENV: ci/env"), "FLR-1", "'BASH_ENV', which it does not know"),
    "a loader's library": (env("LD_PRELOAD: /x.so"), "FLR-1", "'LD_PRELOAD', which it does not know"),
    "a function in exec's place": (
        env("BASH_FUNC_exec%%: '() { true; }'"),
        "FLR-1",
        "which it does not know",
    ),
    "a path of programs": (env("PATH: ./bin"), "FLR-1", "'PATH', which it does not know"),
    "an unknown variable": (env("NOTE: x"), "FLR-1", "'NOTE', which it does not know"),
    "an unknown variable of the verify": (
        edit((VERIFY, f"env: {{NOTE: x}}\n        {VERIFY}")),
        "FLR-1",
        "'NOTE'",
    ),
    "an endpoint written out": (
        edit(
            ("DEPLOY_ENDPOINT: ${{ secrets.DEPLOY_ENDPOINT }}", "DEPLOY_ENDPOINT: https://agent.example.com")
        ),
        "PRE-4",
        "48: DEPLOY_ENDPOINT does not come from the secret of that name",
    ),
    "an endpoint of a variable": (
        edit(("${{ secrets.DEPLOY_ENDPOINT }}", "${{ vars.DEPLOY_ENDPOINT }}")),
        "PRE-4",
        "DEPLOY_ENDPOINT does not come from",
    ),
    "another secret": (
        edit(("${{ secrets.DEPLOY_ENDPOINT }}", "${{ secrets.PROD_ENDPOINT }}")),
        "PRE-4",
        "DEPLOY_ENDPOINT does not come from",
    ),
    "a secret or else": (
        edit(("${{ secrets.DEPLOY_ENDPOINT }}", "${{ secrets.DEPLOY_ENDPOINT || inputs.e }}")),
        "PRE-4",
        "DEPLOY_ENDPOINT does not come from",
    ),
    "a token written out": (
        edit(("${{ github.token }}", "token")),
        "PRE-4",
        "GITHUB_TOKEN does not come from",
    ),
    "variables made as it runs": (
        edit(
            (
                "        env:\n" + SECRETS + f"        {STOP}",
                "        env: ${{ fromJSON(inputs.x) }}\n" + f"        {STOP}",
            )
        ),
        "FLR-1",
        "`env` is made as the workflow runs",
    ),
    # whatever else names us
    "an earlier stop": (step("{run: .venv/bin/smokedeploy stop}"), "FLR-1", "stands outside the steps"),
    "a folder by GITHUB_ENV": (
        step("{run: 'echo SMOKEDEPLOY_EVIDENCE=out >> $GITHUB_ENV'}"),
        "FLR-1",
        "44: `smokedeploy` stands outside",
    ),
    "a variable of another step": (
        step("{run: make, env: {SMOKEDEPLOY_CONFIG: x}}"),
        "FLR-1",
        "stands outside the steps",
    ),
    "a comment of another step": (step('{run: "make # smokedeploy"}'), "FLR-1", "stands outside the steps"),
    "an action's input": (
        step(f"{{uses: someone/x{PIN}, with: {{SmokeDeploy: 'yes'}}}}"),
        "FLR-1",
        "stands outside the steps",
    ),
    "another job": (
        job("\nother:\n  runs-on: x\n  steps: [{run: smokedeploy verify old}]\n"),
        "FLR-1",
        "stands outside the steps",
    ),
    "a called workflow's input": (
        job("\nother:\n  uses: ./.github/workflows/x.yml\n  with: {command: smokedeploy}\n"),
        "FLR-1",
        "stands outside the steps",
    ),
    "an unknown key of the workflow": (
        edit(("permissions: {}\n", "permissions: {}\nDefaults: {run: {shell: x}}\n")),
        "FLR-1",
        "the workflow has the key 'Defaults'",
    ),
    "a list in a step's place": (
        step("[{run: smokedeploy verify old}]"),
        "FLR-1",
        "stands outside the steps",
    ),
    # spellings
    "one step by its alias": (
        edit(("      - name: Run the gate\n", "      - &gate\n        name: Run the gate\n"))
        + "  again:\n    runs-on: x\n    steps: [*gate]\n",
        "FLR-4",
        "more than once",
    ),
    "a key in other letters": (
        edit((GATE, f"\uff52un: x\n        {GATE}")),
        "FLR-1",
        "has the key '\uff52un'",
    ),
    "a key in capitals": (
        edit((GATE, f"{GATE}\n        Run: 'true'")),
        "FLR-1",
        "54: the step of the gate has",
    ),
    "a line end of another script": (
        edit((GATE, f'run: "{GATE[5:]}\\Ntrue"')),
        "FLR-1",
        r"smoke_tests\x85true",
    ),
    "a carriage return": (edit((GATE, f'run: "{GATE[5:]}\\r"')), "FLR-1", r"smoke_tests\r"),
    "a time-out in base 16": (
        edit(("timeout-minutes: 20", "timeout-minutes: 0x20")),
        "FLR-2",
        "`timeout-minutes: 0x20`",
    ),
    "cancel in progress, quoted": (
        edit(("cancel-in-progress: false", "cancel-in-progress: 'false'")),
        "FLR-2",
        "cancels the gate",
    ),
    "a folder that is null": (edit(("EVIDENCE: smoke-evidence", "EVIDENCE:")), "FLR-2", "no plain path"),
    "a secret and a line end": (
        edit(
            (
                "DEPLOY_ENDPOINT: ${{ secrets.DEPLOY_ENDPOINT }}",
                'DEPLOY_ENDPOINT: "${{ secrets.DEPLOY_ENDPOINT }}\\n"',
            )
        ),
        "PRE-4",
        "DEPLOY_ENDPOINT does not come from",
    ),
    "a run's id by env": (
        edit((VERIFY, f"env: {{GITHUB_RUN_ID: '1'}}\n        {VERIFY}")),
        "FLR-1",
        "'GITHUB_RUN_ID'",
    ),
    "a trigger beside": (
        edit(("on:\n", "on:\n  workflow_call:\n")),
        "TRG-3",
        "5: workflow_call starts the workflow",
    ),
    # triggers and inputs
    "no input image_tag": (
        edit(("      image_tag:\n", "      tag:\n")),
        "TRG-2",
        "6: there is no input `image_tag`",
    ),
    "no input environment": (
        edit(("      environment:\n", "      where:\n")),
        "TRG-2",
        "there is no input `environment`",
    ),
    "a default of prod": (
        edit(("default: dev", "default: Production")),
        "TRG-2",
        "11: the input `environment` defaults to 'Production'",
    ),
    "dev is not offered": (edit(("options: [dev]", "options: [prod]")), "TRG-2", "does not offer dev"),
    "a default that can move": (
        edit(("type: string\n", "type: string\n        default: latest\n")),
        "TRG-2",
        "'latest', which can move",
    ),
}

REFUSED |= {
    # what the three steps have in common
    "a stop without its secrets": (
        edit(("        env:\n" + SECRETS + f"        {STOP}", f"        {STOP}")),
        "FLR-2",
        "`smokedeploy stop` is not given DEPLOY_ENDPOINT, CF_ACCESS_CLIENT_ID, CF_ACCESS_CLIENT_SECRET",
    ),
    "a stop without one of them": (
        edit(
            (
                f"{SECRETS}        {STOP}",
                f"          DEPLOY_ENDPOINT: ${{{{ secrets.DEPLOY_ENDPOINT }}}}\n        {STOP}",
            )
        ),
        "FLR-2",
        "is not given CF_ACCESS_CLIENT_ID, CF_ACCESS_CLIENT_SECRET",
    ),
    "a gate without its secrets": (
        edit((f"{SECRETS}          GITHUB", "          GITHUB")),
        "PRE-4",
        "the gate is not",
    ),
    "a gate without a token": (
        edit(("          GITHUB_TOKEN: ${{ github.token }}\n", "")),
        "PRE-4",
        "the gate is not given GITHUB_TOKEN",
    ),
    "settings of the gate alone": (
        edit((GATE, f"{GATE} --smokedeploy-config=deploy/smokedeploy.yml")),
        "FLR-2",
        "reads the settings smoke_tests/smokedeploy.yml, and the gate deploy/smokedeploy.yml",
    ),
    "settings of the stop alone": (
        edit((STOP, f"{STOP} --config deploy/smokedeploy.yml")),
        "FLR-2",
        "reads the settings deploy/smokedeploy.yml",
    ),
    "settings by a variable of the gate": (
        edit(("          GITHUB_TOKEN:", "          SMOKEDEPLOY_CONFIG: other.yml\n          GITHUB_TOKEN:")),
        "FLR-2",
        "and the gate other.yml",
    ),
    "settings by an expression": (
        env("SMOKEDEPLOY_CONFIG: ${{ inputs.config }}"),
        "FLR-2",
        "the settings file of the gate is no plain path",
    ),
    "smoke tests of a folder, settings beside them": (
        edit((GATE, "run: exec .venv/bin/pytest -p smokedeploy services/smoke_tests")),
        "FLR-2",
        "and the gate services/smoke_tests/smokedeploy.yml",
    ),
    "one working directory, one folder": (
        edit(
            (GATE, f"working-directory: sub\n        {GATE}"),
            (STOP, f"{STOP} --evidence sub/smoke-evidence"),
            ("verify smoke-evidence", "verify sub/smoke-evidence"),
        ),
        "FLR-2",
        "`smokedeploy stop` starts in '.', and the gate in 'sub'",
    ),
    "a stop cut early": (
        edit((STOP, f"timeout-minutes: 2\n        {STOP}")),
        "FLR-2",
        "`timeout-minutes: 2` is less than `smokedeploy stop` may take",
    ),
    "a verify cut at once": (
        edit((VERIFY, f"timeout-minutes: 0.1\n        {VERIFY}")),
        "FLR-2",
        "is less than `smokedeploy verify` may take",
    ),
    "verify before stop": (
        edit(
            ("      - name: Stop what", f"      - {VERIFY}\n      - name: Stop what"),
            (f"        {VERIFY}\n", "        run: ls\n"),
        ),
        "FLR-2",
        "`smokedeploy stop` does not stand directly behind that of the gate",
    ),
    "a step before the stop": (
        step("{if: always(), run: rm -rf smoke-evidence}", "      - name: Stop what"),
        "FLR-2",
        "`smokedeploy stop` does not stand directly behind that of the gate",
    ),
    "a step before verify": (
        step(f"{{uses: actions/download-artifact{PIN}}}", "      - name: Hold the evidence"),
        "FLR-1",
        "`smokedeploy verify` does not stand directly behind that of `smokedeploy stop`",
    ),
    # always() by other words
    **{
        f"a job that runs by {words}": (
            edit(("    env:\n", f"    if: ${{{{ {words} }}}}\n    env:\n")),
            "FLR-2",
            f"`{words.strip('!').partition('(')[0].strip()}()` on the gate's job",
        )
        for words in ("!cancelled()", "failure() || true", "success() ", "Always ()")
    },
    # another job of the gate's group
    **{
        f"another job cancels the group {group}": (
            job(
                f"\nother:\n  concurrency: {{group: '{group}', cancel-in-progress: {cancel}}}\n"
                "  runs-on: x\n  steps: [{run: make}]\n"
            ),
            "FLR-2",
            "the job 'other' is in the gate's concurrency group",
        )
        for group, cancel in (
            ("smoke-deploy-dev", "true"),
            ("Smoke-Deploy-Dev", "'${{ inputs.x }}'"),
            ("smoke-deploy-${{ inputs.environment }}", "true"),
        )
    },
    # variables that no setting allows
    "a listed path of programs": (env("PATH: ./bin"), "FLR-1", "'PATH'"),
    "a listed path of converters": (env("GCONV_PATH: ./x"), "FLR-1", "'GCONV_PATH'"),
    "a path of libraries": (env("LD_LIBRARY_PATH: ./x"), "FLR-1", "'LD_LIBRARY_PATH'"),
    "a loader's libraries on macOS": (env("DYLD_INSERT_LIBRARIES: ./x"), "FLR-1", "'DYLD_INSERT_LIBRARIES'"),
    **{
        f"evidence of {age} hours": (edit(("--max-age 1", f"--max-age {age}")), "FLR-1", f"--max-age {age}")
        for age in ("nan", "inf", "1e9", "0", "0.01")
    },
    # what the gate is told of the dispatch
    "no environment": (edit((TOLD[0], "")), "TGT-1", "the gate is told no `environment`"),
    "another environment": (
        edit((TOLD[0], "SMOKEDEPLOY_ENVIRONMENT: staging")),
        "TGT-1",
        "the gate is told 'staging' for the input `environment`",
    ),
    "production, written out": (edit((TOLD[0], "SMOKEDEPLOY_ENVIRONMENT: prod")), "TGT-3", "'prod'"),
    "an empty environment": (edit((TOLD[0], "SMOKEDEPLOY_ENVIRONMENT:")), "TGT-1", "no `environment`"),
    "no tag": (edit((TOLD[1], "")), "TRG-2", "the gate is told no `image_tag`"),
    "a tag that is written out": (edit((TOLD[1], "SMOKEDEPLOY_IMAGE_TAG: latest")), "TRG-2", "'latest'"),
    "a tag of the branch": (
        edit((TOLD[1], "SMOKEDEPLOY_IMAGE_TAG: ${{ inputs.image_tag || github.sha }}")),
        "TRG-2",
        "for the input `image_tag`",
    ),
    "a tag by an option": (
        edit((GATE, f"{GATE} --smokedeploy-image-tag 1.2.3")),
        "TRG-2",
        "the gate is told '1.2.3'",
    ),
    "a tag by a variable that is not there": (
        edit((GATE, f'{GATE} --smokedeploy-image-tag "$SMOKEDEPLOY_TAG"')),
        "TRG-2",
        "the gate is told no `image_tag`",
    ),
    # near to what passes
    "a check with a stop behind it": (
        step("{run: .venv/bin/smokedeploy check; smokedeploy stop}"),
        "FLR-1",
        "stands outside the steps",
    ),
    "a check after the gate": (
        step("{run: .venv/bin/smokedeploy check}", LAST),
        "FLR-1",
        "stands outside the steps",
    ),
    "a check with a variable of ours": (
        step("{run: .venv/bin/smokedeploy check, env: {SMOKEDEPLOY_CONFIG: x}}"),
        "FLR-1",
        "stands outside the steps",
    ),
    "a module behind an install": (
        step('{run: "pip install pytest_smokedeploy; python -m pytest_smokedeploy stop"}'),
        "FLR-1",
        "stands outside the steps",
    ),
    "a command that an action is given": (
        step(f"{{uses: someone/shell{PIN}, with: {{command: smokedeploy verify old}}}}"),
        "FLR-1",
        "stands outside the steps",
    ),
    "a name that a retry action is given": (
        step(f"{{uses: someone/retry{PIN}, with: {{command: ./smokedeploy-again}}}}"),
        "FLR-1",
        "stands outside the steps",
    ),
}

#: What is not seen, as docs/workflow.md says: nothing is refused.
UNSEEN: dict[str, str] = {
    "a gate's job that never runs": edit(("    runs-on: ubuntu", "    if: false\n    runs-on: ubuntu")),
    "a script of that name": edit((GATE, f"run: exec ci/{G}")),
    "a step that replaces a program": step("{run: cp ci/gate .venv/bin/pytest}"),
    "a gate under another name": job(
        "\nother:\n  runs-on: x\n  steps: [{run: pytest smoke_tests || true}]\n"
    ),
    "a job that goes on": job(
        "\nother:\n  needs: [smoke-deploy]\n  if: always()\n  runs-on: x\n  steps: [{run: make}]\n"
    ),
}
