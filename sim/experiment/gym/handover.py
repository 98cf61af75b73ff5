"""A function that asks, and a caller who answers, as if the function were a generator."""

from __future__ import annotations

from collections.abc import Callable
from threading import Semaphore, Thread
from typing import Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Closed(BaseException):
    """Raised in the function when nobody will answer any more; not for it to catch."""


class Handover(Generic[Question, Answer]):
    """Runs a function in a thread of its own, up to its next question.

    Only one side runs at a time: two semaphores hand the turn over. So a caller can be in
    charge of a function that itself calls for decisions from deep inside, as an engine does.
    An error of the function is raised where the caller waits.

    Parameters
    ----------
    function : callable
        Called with ``ask``, a callable that hands a question over and returns the answer.
    """

    def __init__(self, function: Callable[[Callable[[Question], Answer]], None]) -> None:
        self._function = function
        self._question: Question | None = None
        self._answers: list[Answer] = []
        self._error: BaseException | None = None
        self._caller, self._asker = Semaphore(0), Semaphore(0)
        self._closed = self.over = False
        self._thread = Thread(target=self._work, name="handover", daemon=True)

    def start(self) -> Question | None:
        """Run up to the first question; None if there is none."""
        self._thread.start()
        return self._wait()

    def answer(self, answer: Answer) -> Question | None:
        """Answer, and run up to the next question; None if there is none."""
        if self.over:
            raise RuntimeError("there is no question to answer: it is over")
        self._answers.append(answer)
        self._asker.release()
        return self._wait()

    def close(self) -> None:
        """End the function where it asks, if it has not ended, and its thread."""
        self._closed = True
        if self._thread.is_alive():
            self._asker.release()
            self._thread.join()

    def _wait(self) -> Question | None:
        self._caller.acquire()
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        return self._question

    def _ask(self, question: Question) -> Answer:
        self._question = question
        if not self._closed:
            self._caller.release()
            self._asker.acquire()
        if self._closed:
            raise Closed
        return self._answers.pop()

    def _work(self) -> None:
        try:
            self._function(self._ask)
        except Closed:
            pass
        except BaseException as error:  # for the caller, whatever it is
            self._error = error
        finally:
            self._question, self.over = None, True
            self._caller.release()
