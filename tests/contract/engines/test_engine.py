"""What an agent may expect of any engine: pull, start, look, log, stop, remove."""

import io
import itertools
import threading

import pytest

from pytest_smokedeploy.agent.engines.base import ContainerSpec, nanoseconds
from pytest_smokedeploy.agent.engines.process.engine import ProcessEngine
from pytest_smokedeploy.contract import EngineState, Limits
from pytest_smokedeploy.support.errors import EngineError
from tests.integration.engines.conftest import until


def test_nothing_is_there_before_the_first_start(ground):
    assert ground.engine.ping()
    assert ground.engine.inspect() is None
    ground.engine.stop(1)
    ground.engine.remove()
    assert ground.engine.inspect() is None


def test_what_was_started_runs_and_is_told(ground):
    image = ground.start()
    state = ground.engine.inspect()
    assert (state.image, state.state, state.running, state.ours) == (image, EngineState.RUNNING, True, True)
    assert state.digest.startswith("sha256:")
    assert nanoseconds(state.started_at)
    assert (state.exit_code, state.restart_count) == (None, 0)
    assert ground.engine.activity().cpu_seconds >= 0


def test_only_the_given_environment_reaches_it(ground, monkeypatch):
    monkeypatch.setenv("OF_THE_AGENT", "secret")
    ground.start('echo "given $GIVEN, else ${OF_THE_AGENT:-nothing}"', GIVEN="1")
    assert ground.lines() == ["given 1, else nothing"]


def test_an_end_of_its_own_has_its_exit_code(ground):
    ground.start("echo over; exit 7")
    assert ground.lines() == ["over"]
    state = until(lambda: (told := ground.engine.inspect()).stopped and told, "it has ended")
    assert (state.state, state.exit_code) == (EngineState.EXITED, 7)
    assert ground.engine.activity() is None


def test_its_log_stays_after_its_end_and_tells_the_exit_code(ground):
    ground.start("echo out; echo err >&2; exit 0")
    records = []

    def drained():
        end = yield from ground.engine.logs(None, follow=True)
        assert end.exit_code == 0

    for batch in drained():
        records += [(record.stream, record.line) for record in batch]
    assert sorted(records) == [("stderr", "err"), ("stdout", "out")]
    assert sorted(ground.lines(follow=False)) == ["err", "out"]


def test_a_stop_asks_first_and_is_no_error_twice(ground):
    ground.start()
    until(lambda: "up" in ground.lines(follow=False), "the trap is set")
    for _ in range(2):
        ground.engine.stop(30)
        assert ground.engine.inspect().exit_code == 0
    assert ground.lines(follow=False) == ["up", "bye"]


def test_one_that_ignores_the_question_is_killed_after_the_grace(ground):
    ground.start("trap '' TERM; echo up; while :; do sleep 1; done")
    until(lambda: "up" in ground.lines(follow=False), "the trap is set")
    ground.engine.stop(1)
    state = ground.engine.inspect()
    assert (state.stopped, state.exit_code) == (True, 137)


def test_one_that_somebody_paused_is_stopped(by_hand):
    ground, client = by_hand
    ground.start()
    client.pause(ground.engine.inspect().container_id)
    assert ground.engine.inspect().state is EngineState.PAUSED
    ground.engine.stop(5)
    assert ground.engine.inspect().state is EngineState.EXITED


def test_what_was_removed_is_gone_and_another_can_start(ground):
    ground.start()
    first = ground.engine.inspect().container_id
    ground.engine.stop(0)
    ground.engine.remove()
    assert ground.engine.inspect() is None
    image = ground.start(tag="v2")
    state = ground.engine.inspect()
    assert (state.image, state.running, state.container_id != first) == (image, True, True)


def actions(ground, **labels):
    told = ground.engine.events(labels)
    assert told.incomplete is None
    assert [nanoseconds(e.time) for e in told.events] == sorted(nanoseconds(e.time) for e in told.events)
    return [(event.action, event.exit_code) for event in told.events]


def test_what_happened_to_it_is_told_by_its_labels(ground):
    ground.labels["which"] = "one"
    ground.start()
    assert actions(ground, which="one") == [("create", None), ("start", None)]
    assert actions(ground, which="two") == []


def test_its_end_is_told_with_the_exit_code_also_once_it_is_removed(ground):
    ground.labels["which"] = "one"
    ground.start()
    until(lambda: "up" in ground.lines(follow=False), "the trap is set")
    ground.engine.stop(30)
    told = actions(ground, which="one")
    assert told[:2] == [("create", None), ("start", None)]
    assert told.count(("die", 0)) == 1
    # Engines differ in what else they tell of a stop; none tells anything that is none of it.
    assert {action for action, _ in told[2:]} <= {"kill", "die", "stop"}
    ground.engine.remove()
    ground.labels["which"] = "two"
    ground.start(tag="v2")
    assert actions(ground, which="two") == [("create", None), ("start", None)]
    assert set(actions(ground, which="one")) - set(told) <= {("destroy", None)}


BROUGHT = {
    "smokedeploy.agent": "another",
    "smokedeploy.digest": "sha256:0",
    "smokedeploy.log_limit": "1",
    "smokedeploy.made": "0",
}


def test_no_label_of_its_image_is_taken_for_the_agents_or_the_engines_word(by_hand):
    ground, client = by_hand
    base = ground.push("v1", "echo up; exit 3")
    repository = base.removesuffix(":v1")
    labels = " ".join(f"{name}={value}" for name, value in BROUGHT.items())
    file = io.BytesIO(f"FROM {base}\nLABEL exitCode=7 {labels}\n".encode())
    image = f"{repository}:v2"
    assert list(client.build(fileobj=file, tag=image, rm=True, decode=True))
    assert not [
        part for part in client.push(repository, tag="v2", stream=True, decode=True) if "error" in part
    ]
    ground.engine.pull(image)
    ground.engine.start(ContainerSpec(image, {}, (), {"which": "one"}))
    assert ground.lines() == ["up"]
    state = until(lambda: (told := ground.engine.inspect()).stopped and told, "it has ended")
    assert (state.ours, state.exit_code) == (True, 3)
    assert state.digest.startswith("sha256:")
    for name, value in BROUGHT.items():
        assert state.labels[name] != value
    assert actions(ground, which="one")[:3] == [("create", None), ("start", None), ("die", None)]


def test_a_start_by_hand_is_told(by_hand):
    ground, client = by_hand
    ground.start()
    ground.engine.stop(5)
    closing, told = threading.Event(), threading.Event()
    waiting = threading.Thread(target=ground.engine.away, args=(closing, told.set))
    waiting.start()
    try:
        # What the engine remembers of the first one.
        assert told.wait(30)
        told.clear()
        client.start(ground.engine.inspect().container_id)
        assert told.wait(30)
    finally:
        closing.set()
        waiting.join(30)


def test_an_image_that_is_not_there_is_an_error_that_names_it(ground):
    image = ground.push("v1", "exit 0")
    with pytest.raises(EngineError) as refused:
        ground.engine.pull(image.replace(":v1", ":v9"))
    assert "image" in str(refused.value)
    assert ground.engine.inspect() is None


def test_a_wait_for_its_end_is_over_once_the_agent_closes(ground):
    closing = threading.Event()
    told = []
    waiting = threading.Thread(target=lambda: told.append(ground.engine.away(closing, lambda: None)))
    waiting.start()
    closing.set()
    waiting.join(30)
    assert told == [False]


FLOOD = 'n=0; while [ $n -lt 30000 ]; do echo "line $n"; n=$((n+1)); done; echo over'


@pytest.mark.parametrize(
    ("follow", "where"),
    [(True, "lines are missing from there on"), (False, "lines are missing before its last 50")],
)
def test_a_log_past_its_limit_breaks_off_in_words_even_where_lines_were_dropped(ground, follow, where):
    ground.start(FLOOD, limits=Limits(log_characters=50_000))
    until(lambda: ground.engine.inspect().stopped, "it has ended")
    log, told = ground.engine.logs(None, follow=follow), []
    with pytest.raises(EngineError, match=rf"longer than its limit, 0\.05 million characters: {where}"):
        told.extend(itertools.chain.from_iterable(log))
    if not follow:
        last = [*(f"line {n}" for n in range(29_951, 30_000)), "over"]
        assert [record.line for record in told[-50:]] == last


def test_a_flood_within_the_limit_is_whole_and_in_order_for_whoever_comes_early_or_late(ground):
    ground.start(FLOOD, limits=Limits(log_characters=6_000_000))
    whole = [*(f"line {n}" for n in range(30_000)), "over"]
    assert ground.lines() == whole
    assert ground.lines() == whole
    assert ground.lines(follow=False) == whole


def test_an_engine_tells_the_limits_that_it_holds_and_no_other(ground):
    asked = Limits(
        memory_bytes=64 * 1024 * 1024,
        processes=20,
        log_characters=50_000,
        capabilities=("KILL", "SETUID"),
        no_new_privileges=True,
    )
    ground.start(limits=asked)
    assert ground.made.limits in (asked, Limits(log_characters=50_000))
    assert (ground.made.limits == asked) is not isinstance(ground.engine, ProcessEngine)
