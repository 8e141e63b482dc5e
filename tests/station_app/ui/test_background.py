from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import shiboken6
from PySide6.QtCore import QObject, QThread
from pytestqt.qtbot import QtBot

from station_app.background import Background, BookThread, Cancelled, Report
from station_app.desk import Desk
from tests.station_app.ui.demo_desk import DemoDesk


@pytest.fixture
def thread(qtbot: QtBot, desk: DemoDesk) -> Iterator[BookThread]:
    book = BookThread(desk.opened)
    opened: list[Desk] = []
    book.start(book, opened.append, pytest.fail)
    qtbot.waitUntil(lambda: bool(opened))
    yield book
    if desk.gate is not None:
        desk.gate.set()
    book.close()


def test_work_is_done_on_the_books_thread_and_answered_on_the_gui_thread(
    thread: BookThread, desk: DemoDesk, qtbot: QtBot
) -> None:
    answers: list[tuple[int, bool]] = []

    def done(ident: int) -> None:
        answers.append((ident, QThread.isMainThread()))

    thread.ask(thread, lambda _desk: threading.get_ident(), done, pytest.fail)
    qtbot.waitUntil(lambda: bool(answers))
    assert answers == [(desk.thread, True)]
    assert desk.thread != threading.get_ident()


def test_answers_come_in_the_order_asked(thread: BookThread, qtbot: QtBot) -> None:
    answers: list[int] = []
    for number in range(50):
        thread.ask(thread, lambda _desk, number=number: number, answers.append, pytest.fail)
    qtbot.waitUntil(lambda: len(answers) == 50)
    assert answers == list(range(50))


def test_a_failure_is_delivered_as_one(thread: BookThread, qtbot: QtBot) -> None:
    failures: list[Exception] = []
    thread.ask(thread, lambda _desk: 1 // 0, pytest.fail, failures.append)
    qtbot.waitUntil(lambda: bool(failures))
    assert isinstance(failures[0], ZeroDivisionError)


def test_of_questions_on_one_channel_only_the_newest_is_answered(thread: BookThread, qtbot: QtBot) -> None:
    gate = threading.Event()
    answers: list[str] = []
    thread.ask(thread, lambda _desk: gate.wait(10), lambda _: None, pytest.fail)
    for text in "abc":
        thread.ask(thread, lambda _desk, text=text: text, answers.append, pytest.fail, "search")
    thread.ask(thread, lambda _desk: "end", answers.append, pytest.fail)
    gate.set()
    qtbot.waitUntil(lambda: "end" in answers)
    assert answers == ["c", "end"]


def test_an_answer_that_is_on_its_way_when_dropped_is_not_delivered(thread: BookThread, qtbot: QtBot) -> None:
    answers: list[str] = []
    worked = threading.Event()

    def work(_desk: Desk) -> str:
        worked.set()
        return "late"

    thread.ask(thread, work, answers.append, pytest.fail, "search")
    assert worked.wait(10)
    thread.drop("search")
    thread.ask(thread, lambda _desk: "end", answers.append, pytest.fail)
    qtbot.waitUntil(lambda: bool(answers))
    assert answers == ["end"]


def test_nothing_is_delivered_to_a_widget_that_is_gone(thread: BookThread, qtbot: QtBot) -> None:
    gone = QObject()
    answers: list[str] = []
    gate = threading.Event()

    def work(_desk: Desk) -> str:
        gate.wait(10)
        return "for nobody"

    thread.ask(gone, work, answers.append, pytest.fail)
    shiboken6.delete(gone)
    gate.set()
    thread.ask(thread, lambda _desk: "end", answers.append, pytest.fail)
    qtbot.waitUntil(lambda: bool(answers))
    assert answers == ["end"]


def test_closing_finishes_what_was_asked_and_drops_searches(thread: BookThread) -> None:
    gate = threading.Event()
    worked: list[str] = []
    thread.ask(thread, lambda _desk: gate.wait(10), lambda _: None, pytest.fail)
    thread.ask(thread, lambda _desk: worked.append("mark"), lambda _: None, pytest.fail)
    thread.ask(thread, lambda _desk: worked.append("search"), lambda _: None, pytest.fail, "search")
    gate.set()
    thread.close()
    assert worked == ["mark"]


def test_another_thread_may_ask_and_wait(thread: BookThread, desk: DemoDesk) -> None:
    answers: list[int] = []
    asking = threading.Thread(target=lambda: answers.append(thread.call(lambda _desk: threading.get_ident())))
    asking.start()
    asking.join(10)
    assert answers == [desk.thread]


def test_a_call_after_closing_is_cancelled(thread: BookThread) -> None:
    thread.close()
    with pytest.raises(Cancelled):
        thread.call(lambda _desk: 1)


def test_a_call_that_waits_when_the_book_is_closed_is_cancelled(thread: BookThread) -> None:
    gate, outcome = threading.Event(), []
    thread.ask(thread, lambda _desk: gate.wait(10), lambda _: None, pytest.fail)
    thread._inbox.put(None)  # closed from elsewhere, before the call below is reached

    def ask() -> None:
        try:
            thread.call(lambda _desk: 1)
        except Cancelled:
            outcome.append("cancelled")

    asking = threading.Thread(target=ask)
    asking.start()
    while thread._inbox.qsize() < 2:
        pass
    gate.set()
    asking.join(10)
    assert outcome == ["cancelled"]


def test_a_desk_that_cannot_be_opened_is_told_and_may_be_opened_again(qtbot: QtBot, desk: DemoDesk) -> None:
    tries: list[int] = []

    @contextmanager
    def opened() -> Iterator[Desk]:
        tries.append(1)
        if len(tries) == 1:
            raise OSError
        yield desk

    thread = BookThread(opened)
    failures: list[Exception] = []
    desks: list[Desk] = []
    thread.start(thread, desks.append, failures.append)
    qtbot.waitUntil(lambda: bool(failures))
    thread.start(thread, desks.append, failures.append)
    qtbot.waitUntil(lambda: bool(desks))
    thread.close()
    assert desks == [desk]


def test_a_task_tells_exactly_one_of_done_failed_and_cancelled(qtbot: QtBot) -> None:
    told: list[tuple[str, object]] = []
    gate = threading.Event()

    def good(report: Report, _stop: threading.Event) -> str:
        gate.wait(10)
        report(50)
        return "result"

    def bad(_report: Report, _stop: threading.Event) -> str:
        gate.wait(10)
        raise ValueError

    def stopped(_report: Report, stop: threading.Event) -> str:
        stop.wait(10)
        raise Cancelled

    background = Background()
    for name, work in (("good", good), ("bad", bad), ("stopped", stopped)):
        task = background.start(name, work)
        task.reported.connect(lambda value, name=name: told.append((name, value)))
        task.done.connect(lambda value, name=name: told.append((name, value)))
        task.failed.connect(lambda error, name=name: told.append((name, type(error))))
        task.cancelled.connect(lambda name=name: told.append((name, "cancelled")))
        if name == "stopped":
            task.cancel()
    gate.set()
    qtbot.waitUntil(lambda: len(told) == 4)
    assert sorted(told, key=str) == sorted(
        [("good", 50), ("good", "result"), ("bad", ValueError), ("stopped", "cancelled")], key=str
    )
    qtbot.waitUntil(lambda: not background._running)


def test_closing_stops_what_runs(qtbot: QtBot) -> None:
    background = Background()
    ended: list[bool] = []
    background.start("sync", lambda _report, stop: ended.append(stop.wait(10)))
    background.close()
    assert ended == [True]
    qtbot.waitUntil(lambda: not background._running)


def test_what_a_task_told_before_anybody_was_connected_is_not_lost(qtbot: QtBot) -> None:
    told: list[object] = []
    background = Background()
    task = background.start("quick", lambda report, _stop: report("half") or "whole")
    assert task.worker is not None
    task.worker.join()
    task.reported.connect(told.append)
    task.done.connect(told.append)
    qtbot.waitUntil(lambda: len(told) == 2)
    assert told == ["half", "whole"]
    background.close()
