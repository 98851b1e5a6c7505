"""Twenty browser sessions at once against one app, some with the same question and some with their own."""

import pytest

from benchmarks.sessions import visit
from tests.conftest import BRIEF

pytestmark = [pytest.mark.slow, pytest.mark.browser]

SESSIONS, QUESTIONS = 10 if BRIEF else 20, 5


def test_sessions_in_parallel_get_their_answers_without_an_error(chromium: str, app_address: str) -> None:
    # a limit against waiting for good, not what is asked for
    found = visit(chromium, app_address, SESSIONS, QUESTIONS, longest=480)
    assert not found.unfinished, "\n".join(found.unfinished)
    assert not found.exceptions
    assert len(found.numbers) == SESSIONS
    assert len(set(found.numbers)) == QUESTIONS
    for number in range(QUESTIONS):
        assert len({found.numbers[k] for k in range(number, SESSIONS, QUESTIONS)}) == 1
