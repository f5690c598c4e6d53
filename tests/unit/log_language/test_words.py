"""By which words a line is named, what hides none of them, and what is said to be off."""

import time

import pytest

from pytest_smokedeploy.log_language.words import MAX_MARKS, WordLists, fold, normalize, says_off

META = "meta orchestrator initialised"
LISTS = WordLists()


def clause(text):
    named = LISTS.named(text)
    return named and named[0]


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ("OBS-7", "order 17 filled"),
        ("OBS-7", "dispatching orders"),
        ("OBS-7", "order a-17 was filled"),
        ("OBS-7", "BUY 3 BTC @ market"),
        ("OBS-7", "trade 3 BTC done"),
        ("OBS-7", "sold everything"),
        ("OBS-8", "strategy alpha evaluated"),
        ("OBS-9", "dialing exchange.example"),
        ("OBS-9", "connection established to exchange.example"),
        ("OBS-9", "request sent to api.exchange.example"),
        ("OBS-9", "POST /v1/orders"),
        ("RUN-1", "execution-plane=live"),
        ("RUN-1", "executionPlane -> live"),
        ("RUN-1", '{"execution": {"plane": "live"}}'),
        ("RUN-2", "scheduling jobs"),
        ("RUN-2", "apscheduler up"),
        ("RUN-2", "timer started"),
        ("RUN-2", "job runs"),
        ("RUN-2", "scheduler: not paused, running"),
        ("RUN-3", "loop running"),
        ("RUN-3", "refresh every 5 s"),
        ("RUN-3", "keepalive sent"),
        ("RUN-3", "3 workers started"),
        ("RUN-3", "thread pool running"),
        ("RUN-4", "live gateway up"),
        ("RUN-4", "production adapter up"),
        ("RUN-4", "adapter: live"),
        ("RUN-4", '{"mode": "live"}'),
        ("RUN-4", "real-money account 17"),
    ],
)
def test_a_line_is_named_by_its_words_wherever_they_stand(named, words):
    assert clause(words) == named
    assert clause(f"{META}: {words}") == named


@pytest.mark.parametrize(
    "words",
    [
        "scheduler: disabled",
        "SCHEDULER_ENABLED=false",
        "no scheduler, no background loops",
        "live adapters: none",
        "order execution is disabled",
        "no live adapters",
        "adapter: paper",
        "mode=paper",
        "execution_plane: paper",
        "0 orders",
        "polling off",
        "files opened in order",
        "order book created",
        "tick_size: 5",
        "every adapter checked",
        "4 workers",
    ],
)
def test_what_is_off_or_something_else_is_not_named(words):
    assert clause(f"{META}: {words}") is None


@pytest.mark.parametrize("line", [
    "order placed", "ORDER PLACED", "OrderPlaced", "order_placed", "or\x00der placed", "gone\rorder placed",
    "all\x0border placed", "orxx\b\bder placed", "\border placed", "\\xfforder placed\\xfe",
    "or\u200bder pla\u200bced", "or\u00adder placed", "\u043erd\u0435r placed", "order\u00a0placed",
    "\uff4f\uff52\uff44\uff45\uff52 placed", "o\u0301rder placed", "\x1b[31mor\x1b[0mder placed",
    "\x1b[2Korder placed", "or\x1b]8;;x\x07der placed", "\u03bfrder placed", "oRdEr placed",
    r'{"msg": "\u006frder placed"}', r'{"msg": "x", "a": {"b": ["c", "\u006frder placed"]}}',
    r'{"msg": "\u006frder placed", "msg": "stopped"}', r'{"\u006frder": "placed"}',
    r'12:00:00 {"msg": "\u006frder placed"}', r'level=info msg="\u006frder placed"',
    r'{"msg": "\u006frder_\u0070laced"}', r'{"msg": "\u043erder placed"}', "ORDER_PLACED id=3",
    "." * 100_000 + " order placed " + "." * 100_000,
])  # fmt: skip
def test_no_dress_hides_a_word(line):
    assert clause(line) == "OBS-7"


@pytest.mark.parametrize("text", ["scheduler: disabled", "no scheduler", "live adapters: none", "Orders = 0",
                                  "no scheduler, no live adapters", "SCHEDULER_ENABLED=false"])  # fmt: skip
def test_a_text_that_says_off_and_nothing_else(text):
    assert says_off(text)


@pytest.mark.parametrize("text", ["scheduler: disabled soon", "no scheduler but cron",
    "scheduler not disabled", "no limits", "scheduler", "engine ready, no scheduler"])  # fmt: skip
def test_a_text_that_says_more_than_off(text):
    assert not says_off(text)


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("buy", {"OBS-7"}),
        ("/buy/3/btc", {"OBS-7"}),
        ("order.placed", {"OBS-7"}),
        ("buy3btc", {"OBS-7"}),
        ("connected to redis at 127.0.0.1:6379", {"OBS-9"}),
        ("event loop ready", {"RUN-3"}),
        ("replay against production", {"RUN-4"}),
        ("control plane: live", {"RUN-1", "RUN-4"}),
        ("environment validation: ok (EXECUTION_PLANE=paper)", set()),
        ("uvicorn.error", set()),
        ("/data/audit-events/2026", set()),
    ],
)
def test_a_template_and_a_token_are_held_against_more_words(text, clauses):
    assert set(LISTS.held(text)) == clauses


def test_added_words_are_whole_words_in_any_dress():
    lists = WordLists({"OBS-7": ["Quote-Sent"]})
    assert lists.named("x QUOTE_sent y") == ("OBS-7", "quote sent")
    assert lists.held("quoteSent").keys() == {"OBS-7"}
    assert lists.named("quote sentinel") is None


@pytest.mark.parametrize("marks", ["\u0316\u0301", "\u0f73", "\uff9e\u0301", "\u0344\u0316"])
def test_a_run_of_combining_marks_is_bounded_before_it_is_put_in_order(marks):
    for form in ("NFC", "NFKD"):
        assert len(normalize(form, "a" + marks * 100_000 + "b")) <= 2 * MAX_MARKS + 2
    assert clause("o" + marks * 100_000 + "rder placed") == "OBS-7"
    assert clause(marks * 100_000) is None


def test_folding_keeps_words_and_slashes_alone():
    assert fold("  GET\thttp://X_y-1 ") == "get http //x y 1"


def test_words_are_found_in_one_pass_over_lines_of_any_kind():
    began = time.perf_counter()
    for line in ("order " * 100_000, "a " * 200_000, "\b" * 200_000, "plac" * 50_000, "\u043e" * 200_000):
        assert LISTS.named(line) is None
    assert LISTS.named('{"a":' * 900 + '"order placed"' + "}" * 900)
    assert time.perf_counter() - began < 60  # a hang, and no speed
