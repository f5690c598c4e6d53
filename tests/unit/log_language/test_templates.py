"""Which templates are refused, and in which words."""

import pytest

from pytest_smokedeploy.log_language import TemplateError
from pytest_smokedeploy.log_language.defaults import DOCUMENTED, MILESTONES, SHUTDOWN
from pytest_smokedeploy.log_language.frames import FRAMES
from tests.unit.judging.start_up import language


def refused(**given):
    with pytest.raises(TemplateError) as caught:
        language(**given)
    return caught.value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("{number}", "no literal word"),
        ("{number} : {time}", "no literal word"),
        ("7", "no literal word"),
        (".+", "regular expression"),
        ("replay .*", "regular expression"),
        ("^cache warm", "regular expression"),
        ("cache warm$", "regular expression"),
        ("\\d entries", "regular expression"),
        ("==", "no literal word"),
        ("== 7 ==", "no literal word"),
        ("=== {number}", "no literal word"),
        ("^.*$", "regular expression"),
        ("cache {name}", "{name}, which there is none of; there are {number}, {size}"),
        ("cache {}", "{}, which there is none of"),
        ("cache {level}", "{level}, which there is none of"),
        ("cache {number}{size}", "touch"),
        ("cache {id} in {path}", "more than one of {id} and {path}"),
        ("cache {id} {id}", "more than one"),
        ("cache {", "write {{ for a brace"),
        ("cache }", "write }} for a brace"),
        ("cache\twarm", "U+0009"),
        ("cache\u200bwarm", "U+200B"),
        ("cache\u00a0warm", "U+00A0"),
        ("cache\ue000", "U+E000"),
        ("cache \x1b[1m", "U+001B"),
        ("cache \u2028", "U+2028"),
        ("c\u0430che warm", "mixes scripts"),
        ("\u03bforder", "mixes scripts"),
        ("x" * 1025, "1024 characters"),
        ("order placed", "'order placed', which OBS-7 forbids"),
        ("connected to redis", "log.excepted as {line, clause, because}"),
        ("replay in order {number}", "OBS-7"),
        ("scheduler: disabled, cron on", "RUN-2"),
        ("engine ready, no scheduler", "RUN-2"),
        ("\uff4f\uff52\uff44\uff45\uff52 in", "OBS-7"),
        ("at https://api.example.com", "OBS-9"),
        ("execution plane: live", "RUN-1"),
        ("LIVETrading enabled", "RUN-4"),
        ("POST {path}", "OBS-9"),
        ("evaluating every {duration}", "RUN-3"),
        ("flush every {number} seconds", "RUN-3"),
        ("{number} trades off", "OBS-7"),
        ("no {id} scheduler", "RUN-2"),
        ("calling {listen}", "does not say that it listens"),
        ("{number} no orders", "OBS-7"),
        ("worker {id} started", "RUN-3"),
    ],
)
@pytest.mark.parametrize("key", ["documented", "shutdown"])
def test_a_template_that_breaks_a_rule_is_refused_by_name(key, text, words):
    error = refused(**{key: ["sound line", text]})
    assert words in str(error)
    assert error.path == (key, 1)


@pytest.mark.parametrize(
    "text",
    [
        "===",
        "------",
        "=-=",
        " /\\_|  __/ `-' ",
        "{{ | }}",
        "\u2588\u2588\u2557 \u2588\u2588\u2551",
        "no scheduler",
        "scheduler: disabled",
        "cache {{b}} warm",
        "b\u00f6rse offen",
        "\u0433\u043e\u0442\u043e\u0432",
        "cache {number} {size} {id}",
        "listening on {listen}",
        "trading-engine {version}",
    ],
)
def test_a_template_that_keeps_the_rules_is_taken(text):
    language(documented=[text])


@pytest.mark.parametrize(
    ("milestones", "path", "words"),
    [
        ({"OBS-1": []}, ("milestones", "OBS-1"), "has no template"),
        ({"OBS-1": ["hello", "{number}"]}, ("milestones", "OBS-1", 1), "no literal word"),
        ({"OBS-1": {"all": ["hello"]}}, ("milestones", "OBS-1"), "for OBS-3 alone"),
        ({"RUN-1": ["plane: paper {id}"]}, ("milestones", "RUN-1", 0), "{time} and {version} alone"),
        (
            {"RUN-1": ["the plane is told"]},
            ("milestones", "RUN-1", 0),
            "says that the plane is paper",
        ),
        ({"RUN-1": ["no money moves"]}, ("milestones", "RUN-1", 0), "does not say paper"),
        ({"RUN-1": ["plane: paper off"]}, ("milestones", "RUN-1", 0), "'off' beside the plane"),
        ({"RUN-1": ["plane: paper, overridden"]}, ("milestones", "RUN-1", 0), "'overridden'"),
        ({"RUN-1": ["not paper"]}, ("milestones", "RUN-1", 0), "'not'"),
        ({"RUN-1": ["plane: paper, plane: sim"]}, ("milestones", "RUN-1", 0), "'plane' beside the plane"),
        ({"OBS-2": ["environment validation failed"]}, ("milestones", "OBS-2", 0), "'failed'"),
        ({"OBS-6": ["==="]}, ("milestones", "OBS-6", 0), "holds no word"),
        ({"OBS-6": ["idle cannot be reached"]}, ("milestones", "OBS-6", 0), "'cannot'"),
        ({"RUN-1": ["plane: paperless"]}, ("milestones", "RUN-1", 0), "RUN-1 forbids"),
        ({"RUN-1": ["plane selected: sim, not paper"]}, ("milestones", "RUN-1", 0), "RUN-1 forbids"),
        ({"RUN-1": ["plane=paper, plane live"]}, ("milestones", "RUN-1", 0), "RUN-4 forbids"),
        (
            {"RUN-1": ["plane set by=plane-2 plane=paper"]},
            ("milestones", "RUN-1", 0),
            "'plane' beside the plane",
        ),
        ({"RUN-1": ["plane set by_hand=false plane=paper"]}, ("milestones", "RUN-1", 0), "'false' beside"),
        ({"RUN-1": ["plane set plane=sim mode=paper"]}, ("milestones", "RUN-1", 0), "RUN-1 forbids"),
        ({"RUN-1": ["plane set sim plane=paper"]}, ("milestones", "RUN-1", 0), "'plane' beside the plane"),
        ({"RUN-1": ["not on the paper plane"]}, ("milestones", "RUN-1", 0), "'not'"),
        ({"RUN-1": ["paper plane, plane sim"]}, ("milestones", "RUN-1", 0), "'plane' beside the plane"),
        ({"RUN-1": ["leaving the paper plane"]}, ("milestones", "RUN-1", 0), "'leaving' beside"),
        ({"RUN-1": ["mode moved from paper plane"]}, ("milestones", "RUN-1", 0), "'from the plane' beside"),
        ({"RUN-1": ["paper plane to backtest"]}, ("milestones", "RUN-1", 0), "'the plane to' beside"),
        ({"RUN-1": ["plane=paper executionPlane=sim"]}, ("milestones", "RUN-1", 0), "'plane' beside"),
        ({"RUN-1": ["execution plane was=sim paper"]}, ("milestones", "RUN-1", 0), "RUN-1 forbids"),
        ({"RUN-1": ["plane set plane=paper effective=real"]}, ("milestones", "RUN-1", 0), "'real' beside"),
        ({"RUN-1": ["paper plane disabled"]}, ("milestones", "RUN-1", 0), "'the plane disabled' beside"),
        ({"RUN-1": ["disabled the paper plane"]}, ("milestones", "RUN-1", 0), "RUN-1 forbids"),
        ({"RUN-1": ["plane=paper disabled=true"]}, ("milestones", "RUN-1", 0), "'disabled' beside"),
        ({"RUN-1": ["paper plane: live"]}, ("milestones", "RUN-1", 0), "RUN-4 forbids"),
        ({"OBS-5": ["built component=scheduler"]}, ("milestones", "OBS-5", 0), "in other words"),
        ({"OBS-3": ["/srv/state/x, audit-events"]}, ("milestones", "OBS-3", 0), "does not name snapshots"),
        ({"OBS-3": ["mounts validated"]}, ("milestones", "OBS-3", 0), "audit-events, snapshots"),
        ({"OBS-3": ["mounts ok: snapshots"]}, ("milestones", "OBS-3", 0), "does not name audit-events"),
        ({"OBS-3": {"all": ["snapshots ok", "mounts ok"]}}, ("milestones", "OBS-3", "all"), "audit-events"),
        (
            {"OBS-3": {"all": ["x-snapshots ok", "audit-events ok"]}},
            ("milestones", "OBS-3", "all"),
            "snapshots",
        ),
        ({"OBS-3": {"all": []}}, ("milestones", "OBS-3"), "has no template"),
    ],
)
def test_a_milestones_template_keeps_its_clauses_rules(milestones, path, words):
    error = refused(milestones=milestones)
    assert (error.path, words in str(error)) == (path, True), error


def test_the_paper_plane_is_a_plane_that_is_paper():
    (entry,) = (
        language(milestones={"RUN-1": ["runs on the paper plane"]}).read("runs on the paper plane").entries
    )
    assert entry.clause == "RUN-1"


def test_a_mount_is_named_by_where_it_stands_too():
    (entry,) = (
        language(milestones={"OBS-3": ["usable: audit-events, /srv/state."]})
        .read("usable: audit-events, /srv/state.")
        .entries
    )
    assert entry.clause == "OBS-3"


def test_the_planes_own_template_may_say_that_a_plane_was_chosen():
    texts = ["plane selected plane=paper", "plane chosen by=config execution_plane=paper sev=info"]
    texts += ["execution plane resolved by=env plane=paper", "switched to the paper plane", "mode: paper"]
    texts += ["Trading disabled: execution plane is paper", "Execution plane is paper; trading disabled"]
    met = language(milestones={"RUN-1": texts})
    (entry,) = met.read('{"msg": "plane selected", "plane": "paper"}').entries
    assert (entry.kind, entry.clause) == ("milestone", "RUN-1")
    assert met.read('{"msg": "plane selected", "plane": "live"}').entries == ()
    assert refused(documented=["plane selected plane=paper"]).path == ("documented", 0)


@pytest.mark.parametrize("templates", [["audit-events and snapshots mounted"], ["mounted {mounts}"],
                                       {"all": ["audit-events ok", "snapshots ok"]}])  # fmt: skip
def test_mounts_are_named_in_any_of_three_ways(templates):
    language(milestones={"OBS-3": templates})


@pytest.mark.parametrize(
    ("line", "clause", "words"),
    [
        ("cache warm", "OBS-9", "holds no forbidden word"),
        ("event loop ready", "OBS-9", "holds words of RUN-3, and not of OBS-9"),
        ("connected to event loop", "RUN-3", "name OBS-9, the first"),
        ("plane job", "RUN-2", "no exception"),
        ("event loop\u200b ready", "RUN-3", "U+200B"),
    ],
)
def test_an_excepted_line_holds_words_of_its_clause(line, clause, words):
    error = refused(excepted=[{"line": line, "clause": clause, "because": "a cache"}])
    assert (error.path, words in str(error)) == (("excepted", 0, "line"), True), error


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ("{time} {level}", "must end in {message}"),
        ("{message} {time}", "must end in {message}"),
        ("{message}", "must hold {time}, {level} or a literal word"),
        ("{logger} {message}", "must hold {time}"),
        ("{time} {number} {message}", "{number}, which there is none of; there are {time}, {pid}"),
        ("{time}{level} {message}", "touch"),
        ("{time} orders {message}", "OBS-7"),
        ("every {pid} ms {message}", "RUN-3"),
        ("ERROR {message}", "'error'"),
        ("{time} engine panic: {message}", "'panic'"),
        ("{time} notReached {message}", "'not'"),
        ("failed: {message}", "'failed'"),
        ("no {message}", "'no'"),
    ],
)
def test_a_frame_that_breaks_a_rule_is_refused(frame, words):
    error = refused(frames=["app {message}", frame])
    assert (error.path, words in str(error)) == (("frames", 1), True), error


def test_an_added_word_that_the_models_own_templates_hold_is_refused():
    error = refused(forbidden={"OBS-9": ["replay"]})
    assert error.path == ("forbidden", "OBS-9")
    assert "forbids the model's own template 'replay phase started'; take that word out" in str(error)
    assert refused(forbidden={"OBS-9": ["fine", " - "]}).path == ("forbidden", "OBS-9")


@pytest.mark.parametrize("pattern", ["hedge.*desk", "(hedge|quote)", "hedge[ds]", r"\bhedge\b", "hedge+"])
def test_an_added_word_that_is_a_pattern_would_forbid_nothing_and_is_refused(pattern):
    error = refused(forbidden={"OBS-7": [pattern]})
    assert error.path == ("forbidden", "OBS-7")
    assert "write plain words, and no pattern" in str(error)


def test_the_models_own_templates_keep_every_rule():
    made = language()
    texts = [*DOCUMENTED, *SHUTDOWN, *(text for texts in MILESTONES.values() for text in texts)]
    for text in texts:
        made.rules.template(text)
    assert len({*texts}) == len(texts)
    assert len({*FRAMES}) == len(FRAMES)
