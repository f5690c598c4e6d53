"""What a shell script around the gate's command does with it: told only where it is certain."""

import pytest

from pytest_smokedeploy.preconditions import script

GATE = "pytest -p smokedeploy smoke_tests"


def clauses(text, shell=""):
    return [clause for clause, _ in script.faults(text, shell)]


FINE = {
    "alone": f"exec {GATE}",
    "by its path": f"exec .venv/bin/{GATE}",
    "by python": "exec python -m pytest -p smokedeploy smoke_tests",
    "with a deadline": f"exec timeout 900 {GATE}",
    "after others": f"cd repository && . .venv/bin/activate\nexec {GATE}",
    "in the last line": f"set -euo pipefail\nmake install\nexec {GATE}",
    "with a variable": f"A=1 B='2 3' exec {GATE}",
    "in braces": f"{{ exec {GATE}; }}",
    "in a shell that is replaced too": f"exec bash -c 'exec {GATE}'",
    "after brackets": f"(make install)\necho $((1 + 2)) $(date)\nexec {GATE}",
    "after a pipe": f"make | tee log\nexec {GATE}",
    "a loop beside it": f"for f in a b; do echo $f; done\nexec {GATE}",
    "redirected": f"exec {GATE} > log 2>&1",
    "redirected at once": f"exec {GATE} &> log",
    "expressions": "exec pytest ${{ inputs.quiet && '-q' || format('-v') }} -p smokedeploy smoke_tests",
    "a comment": f"# for i in 1 2; do {GATE} || true; done\nexec {GATE}",
    "a word in quotes": f'echo "retry {GATE} || true"\nexec {GATE}',
    "set +e taken back": f"set +e\nfalse\nset -e\nexec {GATE}",
    "no gate": "for i in 1 2 3; do pytest tests && break; done || true",
    "a rehearsal in a loop": f"for i in 1 2 3; do {GATE} --smokedeploy-rehearse; done",
    "collected alone": f"{GATE} --collect-only || true",
    "nothing": "",
}  # fmt: skip
#: The gate's failure comes out, and a cancelled job's signals do not reach it.
FLR_2 = {
    "alone": GATE,
    "by python": "python -m pytest -p smokedeploy smoke_tests",
    "with a deadline": f"timeout 900 {GATE}",
    "exec before another": f"exec > log\n{GATE}",
    "exec as an argument": f"env exec {GATE}",
    "before others": f"{GATE}\necho done",
    "the status kept": f"{GATE} || status=$?\ncat log\nexit $status",
    "the status asked": f"set +e\n{GATE}\nstatus=$?\ncat log\nexit $status",
    "a failure's own words": f"{GATE} || {{ echo failed; exit 1; }}",
    "an if that fails": f"if ! {GATE}; then exit 1; fi",
    "a pipe that fails": f"set -o pipefail\nexec {GATE} | tee log",
    "the end of a pipe": f"yes | exec {GATE}",
    "braces in a pipe": f"set -o pipefail\n{{ exec {GATE}; }} | tee log",
    "the pipe's own status": f"{GATE} | tee log\nexit ${{PIPESTATUS[0]}}",
    "brackets": f"(exec {GATE})",
    "brackets in brackets": f"((true); (exec {GATE}))",
    "set +e taken back": f"set +e\nfalse\nset -e\n{GATE}\necho done",
    "in the background, and waited for": f"exec {GATE} &\nwait $!",
    "a shell that stays": f"bash -c 'exec {GATE}'",
    "a shell that stays within": f"exec bash -c '{GATE}'",
    "a shell in a pipe": f"set -o pipefail\nexec bash -c 'exec {GATE}' | tee log",
}  # fmt: skip
FLR_4 = {
    "for": f"for i in 1 2 3; do {GATE} && break; done",
    "until": f"until {GATE}; do sleep 5; done",
    "while": f"while ! {GATE}; do sleep 5; done",
    "while, over lines": f"while true\ndo\n  {GATE} && exit 0\ndone",
    "a loop in a shell": f"bash -c 'for i in 1 2; do {GATE}; done'",
    "a shell in a loop": f"for i in 1 2; do sh -ec '{GATE}'; done",
    "retry": f"retry -t 3 {GATE}",
    "a retry script": f"./ci/retry.sh {GATE}",
    "a loop, continued lines": "for i in 1 2; do \\\n pytest \\\n -p smokedeploy \\\n smoke_tests; done",
    "a nested loop": f"for i in 1 2; do for j in 1 2; do {GATE}; done; done",
}
FLR_1 = {
    "or true": f"{GATE} || true",
    "or a colon": f"{GATE} || :",
    "or echo": f"{GATE} || echo failed",
    "or exit 0": f"{GATE} || exit 0",
    "a pipe": f"{GATE} | tee log",
    "set +e": f"set +e\n{GATE}\necho done",
    "set +e among others": f"set +ex\n{GATE}\necho done",
    "not": f"! {GATE}",
    "an if": f"if {GATE}; then echo good; fi\necho done",
    "in the background": f"{GATE} &",
    "brackets": f"({GATE}) || true",
    "braces": f"{{ {GATE}; }} || true",
    "and, and more": f"{GATE} && echo good\necho done",
}


@pytest.mark.parametrize("name", list(FINE))
def test_what_is_fine_is_left_alone(name):
    assert clauses(FINE[name]) == []
    assert script.keeps_shell(FINE[name]) is False


@pytest.mark.parametrize("name", list(FLR_2))
def test_what_keeps_its_shell_and_hides_nothing(name):
    assert clauses(FLR_2[name]) == []
    assert script.keeps_shell(FLR_2[name]) is True


@pytest.mark.parametrize("name", list(FLR_4))
def test_what_runs_it_again(name):
    assert clauses(FLR_4[name])[:1] == ["FLR-4"]


@pytest.mark.parametrize("name", list(FLR_1))
def test_what_hides_its_end(name):
    assert clauses(FLR_1[name])[:1] == ["FLR-1"]


def test_the_worse_comes_first():
    assert clauses(f"for i in 1 2; do {GATE} || true; done") == ["FLR-4", "FLR-1"]


@pytest.mark.parametrize(
    ("shell", "piped", "going_on"),
    [
        ("", True, False),
        ("bash", False, False),
        ("sh", True, False),
        ("bash -eo pipefail {0}", False, False),
        ("bash {0}", True, True),
        ("bash -x {0}", True, True),
    ],
)
def test_the_shell_decides(shell, piped, going_on):
    assert bool(clauses(f"{GATE} | tee log", shell)) is piped
    assert bool(clauses(f"{GATE}\necho done", shell)) is going_on


@pytest.mark.parametrize(
    "text",
    ["echo 'never closed", 'x="', "cat <<EOF\nit's\nEOF", "$(((", "}}}", ";;;", "|", "do done fi", "\\"],
)
def test_what_cannot_be_read_is_no_fault_and_no_error(text):
    assert script.faults(text) == []


def test_a_here_document_does_not_hide_the_gate():
    assert clauses(f"cat <<EOF\nit's\nEOF\n{GATE} || true") == ["FLR-1"]


@pytest.mark.parametrize(
    ("text", "times"),
    [(GATE, 1), (f"{GATE}\n{GATE}", 2), ("pytest tests", 0), (f"bash -c '{GATE}'", 1), (f"echo {GATE}", 1)],
)
def test_how_often_it_runs(text, times):
    assert script.runs_gate(text) == times


def test_a_command_is_found_by_its_name():
    assert script.runs("exec .venv/bin/smokedeploy stop", "smokedeploy", "stop")
    assert not script.runs("smokedeploy verify stop", "smokedeploy", "stop")


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ("smokedeploy stop", ""),
        ("smokedeploy stop --evidence out", "out"),
        ("smokedeploy stop --evidence=out", "out"),
        ("smokedeploy stop --evidence=a=b", "a=b"),
        ("SMOKEDEPLOY_EVIDENCE=out smokedeploy stop", "out"),
        ("SMOKEDEPLOY_EVIDENCE=one pytest --smokedeploy-evidence=two smoke_tests", "two"),
        ("echo first; smokedeploy stop --smokedeploy-evidence out", "out"),
        ("smokedeploy stop --evidence", ""),
    ],
)
def test_the_evidence_folder_that_a_script_names(text, folder):
    assert script.evidence(text) == folder


@pytest.mark.parametrize(
    ("text", "moves"),
    [("cd sub; pytest", True), ("pushd sub", True), ("popd", True), ("pytest cd", False), ("", False)],
)
def test_whether_a_script_leaves_its_folder(text, moves):
    assert script.moves(text) is moves


def test_a_loop_within_a_loop_ends_by_itself():
    text = "for a in 1; do for b in 2; do true; done; pytest smoke_tests; done"
    assert script.faults(text)[0] == ("FLR-4", "the gate stands in a loop (`for`)")
    assert script.faults("for a in 1; do true; done; pytest smoke_tests") == []
