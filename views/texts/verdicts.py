"""Sentences in the place of a verdict that cannot be given yet."""


def missing_verdict(available: int, total: int, what: str, *, stopped: bool, done: str = "finished") -> str:
    """Return how much of a measurement is available, as Markdown.

    Args:
        available: finished parts.
        total: all parts.
        what: the parts of all networks and seeds, a plural noun.
        stopped: whether nothing more will come.
        done: what happens to the parts, a participle.
    """
    left = total - available
    if stopped:
        return f"**No verdict: {left} of {total} {what} {_are(left)} missing.**"
    return (
        f"**{available} of {total} {what} {_are(available)} {done}, {left} {_are(left)} left.** "
        "The verdict appears at the end."
    )


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
