"""Browser sessions at once against one app, some with the same question and some with their own.

Twenty of them are a benchmark (benchmarks/sessions.py): in one browser on two cores they starve the app.
"""

import pytest

from benchmarks.sessions import visit

pytestmark = [pytest.mark.slow, pytest.mark.browser]

SESSIONS, QUESTIONS = 10, 5


def test_sessions_in_parallel_get_their_answers_without_an_error(chromium: str, app_address: str) -> None:
    found = visit(
        chromium, app_address, SESSIONS, QUESTIONS, longest=480
    )  # a limit against waiting for good, not what is asked for
    assert not found.unfinished, "\n".join(found.unfinished)
    assert not found.exceptions
    assert len(found.tables) == SESSIONS
    assert len(set(found.tables)) == QUESTIONS
    for number in range(QUESTIONS):
        assert len({found.tables[k] for k in range(number, SESSIONS, QUESTIONS)}) == 1
