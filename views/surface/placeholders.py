"""What stands in the place of a surface that is not there: it is waited for, stopped, failed, or has diverged."""

from __future__ import annotations

from collections.abc import Iterable

from normscape.views.session.results import Now

WAITING = "In training. The first points come as soon as its weights are there."
STOPPED = "Stopped before there was a surface. Go on, and it comes here."
FAILED = "Failed, for the reason above."


def states(labels: Iterable[str], now: Now, *, stopped: bool) -> dict[str, str]:
    """Return a sentence for every compared network without a surface, in the order of the comparison.

    Args:
        labels: of the compared networks.
        now: what is known of them.
        stopped: whether this session has stopped the work.
    """
    missing = [label for label in labels if label not in now.outcomes or now.outcomes[label].surface is None]
    return {label: _sentence(label, now, stopped) for label in missing}


def _sentence(label: str, now: Now, stopped: bool) -> str:
    if label in now.failures:
        return FAILED
    if label not in now.outcomes:
        return STOPPED if stopped else WAITING
    outcome = now.outcomes[label]
    return (
        f"Diverged at step {outcome.run.diverged_at}: there is no surface of step {outcome.checkpoint}. Earlier steps "
        "have one."
    )
