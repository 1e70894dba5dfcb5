"""What is counted is shown, added up over processes, and told to the store once."""

from datetime import timedelta

import pytest

from app.model.tally import Tally, TallyKind
from app.observe.board import Board, Key, board_of
from app.observe.counts import Counts
from app.observe.exposition import InForce, Situation, Waiting, exposition
from app.observe.metrics import METRICS, OF_THE_SERVICE
from app.observe.tallies import Untold
from tests.support.metrics import samples, value
from tests.support.values import AT

SITUATION = Situation(
    at=AT,
    is_writable=True,
    destinations=["main"],
    waiting=[Waiting("main", "pending", 3, AT - timedelta(seconds=5))],
    stopped={"main": "throttled"},
    paused=["rule", "rule"],
)
IN_FORCE = InForce("1.2.3", "abc", AT, is_latest=False)


def counts(board: Board | None = None, number: int = 0) -> Counts:
    made = Counts(board, number)
    made.use(["crm", "shop"], ["deal won"], ["main"])
    return made


def another(board: Board) -> Board:
    """As another process has it."""
    assert board.fd is not None
    return Board.shared(board.fd)


def shown(board: Board) -> str:
    return exposition(SITUATION, IN_FORCE, board).decode()


def all_kinds(counted: Counts) -> None:
    """Each metric at least once."""
    counted.call("crm", "accepted", 0.003)
    counted.call("crm", "unauthenticated", 0.0005)
    counted.rule("deal won")
    counted.request("main", 0.2)
    counted.attempt("main", "in_doubt", in_doubt=True)
    counted.started("main", 1.5)
    counted.ended("main", "dead", "expired")
    counted.commit({"accept": 3, "settle": 1}, 0.004)
    counted.not_written("accept", 2)
    counted.reloaded(is_good=False)


def test_what_the_configuration_names_counts_from_nought_on() -> None:
    text = shown(counts().board)

    taken = samples(text, "bridge_calls_total", source="crm")
    assert taken == {("accepted",): 0, ("duplicate",): 0, ("ignored",): 0}
    assert value(text, "bridge_rules_held_total", rule="deal won") == 0
    assert samples(text, "bridge_rules_held_total") != {}
    assert samples(text, "bridge_in_doubt_total") == {("main",): 0}


def test_calls_are_counted_by_source_and_result_with_their_duration() -> None:
    counted = counts()

    counted.call("crm", "accepted", 0.003)
    counted.call("crm", "accepted", 0.3)
    counted.call("crm", "too_large", 0.0005)

    text = shown(counted.board)
    assert value(text, "bridge_calls_total", source="crm", result="accepted") == 2
    refused = samples(text, "bridge_calls_refused_total", source="crm")
    assert refused == {("too_large",): 1}
    steps = samples(text, "bridge_call_duration_seconds_bucket", source="crm")
    up_to = {le: count for (le,), count in steps.items()}
    assert (up_to["0.001"], up_to["0.005"], up_to["0.25"], up_to["+Inf"]) == (1, 2, 2, 3)
    total = value(text, "bridge_call_duration_seconds_sum", source="crm")
    assert total == pytest.approx(0.3035)


def test_what_the_configuration_does_not_name_is_no_label() -> None:
    counted = counts()

    counted.call("../etc/passwd", "unknown_source", 0.001)
    counted.rule("a rule of nobody")
    counted.attempt("elsewhere", "accepted", in_doubt=False)
    counted.ended("elsewhere", "done", "accepted")

    text = shown(counted.board)
    assert value(text, "bridge_calls_refused_total", source="unknown") == 1
    assert value(text, "bridge_rules_held_total", rule="unknown") == 1
    assert value(text, "bridge_attempts_total", destination="unknown") == 1
    assert not any(word in text for word in ("passwd", "nobody", "elsewhere"))


def test_every_metric_is_shown_with_its_labels_and_no_other_is() -> None:
    counted = counts()
    all_kinds(counted)

    text = shown(counted.board)

    found = {
        line.split()[2]: line.split()[3]
        for line in text.splitlines()
        if line.startswith("# TYPE bridge_")
    }
    assert found == {metric.name: metric.kind.value for metric in METRICS}
    for metric in METRICS:
        name = f"{metric.name}_count" if metric.bounds else metric.name
        everything = samples(text, name)
        assert everything, metric.name
        assert {len(labels) for labels in everything} == {len(metric.labels)}, metric.name


def test_processes_that_share_a_board_are_added_up_whichever_is_asked() -> None:
    with board_of(2) as board:
        first = counts(another(board), 0)
        second = counts(another(board), 1)

        all_kinds(first)
        all_kinds(second)
        second.call("shop", "ignored", 0.001)

        # Of both it is this process that runs them: what /proc says may differ by then.
        texts = [shown(one.board).split("# HELP process_")[0] for one in (first, second)]
        assert texts[0] == texts[1]
        assert value(texts[0], "bridge_calls_total", source="crm", result="accepted") == 2
        assert value(texts[0], "bridge_calls_total", source="shop", result="ignored") == 1
        assert value(texts[0], "bridge_commit_size_sum", write="accept") == 6


def test_what_a_process_counted_stays_when_another_takes_its_place() -> None:
    with board_of(2) as board:
        first = counts(another(board), 0)
        all_kinds(counts(another(board), 1))

        successor = Counts(another(board), 1)
        successor.use(["shop", "crm"], ["deal won"], ["main"])
        successor.call("crm", "accepted", 0.1)

        text = shown(first.board)
        assert value(text, "bridge_calls_total", source="crm", result="accepted") == 2
        assert samples(text, "process_start_time_seconds").keys() == {("0",), ("1",)}


def test_what_another_version_counts_by_other_steps_is_left_out() -> None:
    with board_of(2) as board:
        first = counts(another(board), 0)
        other = another(board).slots[1].open()
        at = other.place(Key("bridge_call_duration_seconds", ("crm",), size=4))
        other.numbers[at + 1] = 77
        other.numbers[other.place(Key("bridge_of_the_future_total", ()))] = 77

        text = shown(first.board)

        assert value(text, "bridge_call_duration_seconds_count", source="crm") == 0
        assert "future" not in text


def test_a_full_board_goes_on_without_what_is_new() -> None:
    board = Board.alone()
    counted = counts(board)
    for number in range(6000):
        counted.slot.place(Key("bridge_filler", (str(number),), size=16))

    counted.use([f"source-{number}" for number in range(500)], [], [])
    counted.call("source-499", "accepted", 0.1)
    counted.call("crm", "accepted", 0.1)

    text = shown(board)
    assert value(text, "bridge_calls_total", source="crm", result="accepted") == 1
    assert "source-499" not in text


def test_what_was_counted_is_told_once_and_kept_until_it_is() -> None:
    counted = counts()
    untold = Untold(counted)

    all_kinds(counted)
    first = untold.tallies()
    counted.call("crm", "accepted", 0.1)
    second = untold.tallies()
    untold.told()
    counted.call("crm", "accepted", 0.1)

    assert first == [
        Tally(TallyKind.ATTEMPT, "main", "in_doubt", 1),
        Tally(TallyKind.CALL, "crm", "accepted", 1),
        Tally(TallyKind.CALL, "crm", "unauthenticated", 1),
        Tally(TallyKind.ENDED, "main", "expired", 1),
        Tally(TallyKind.RULE, "deal won", "held", 1),
    ]
    assert Tally(TallyKind.CALL, "crm", "accepted", 2) in second
    assert untold.tallies() == [Tally(TallyKind.CALL, "crm", "accepted", 1)]


def test_a_successor_does_not_tell_what_stands_there_already() -> None:
    with board_of(2) as board:
        all_kinds(counts(another(board)))

        untold = Untold(counts(another(board)))

        assert untold.tallies() == []


def test_names_follow_the_manner_of_prometheus() -> None:
    for metric in METRICS:
        assert metric.name.startswith("bridge_")
        assert metric.name.endswith("_total") == (metric.kind.value == "counter"), metric.name
        assert bool(metric.bounds) == (metric.kind.value == "histogram"), metric.name
    assert all(sorted(metric.bounds) == list(metric.bounds) for metric in OF_THE_SERVICE)
