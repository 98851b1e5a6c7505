"""Sentences in the place of a verdict that cannot be given yet."""


def missing_verdict(available: int, total: int, what: str, *, stopped: bool) -> str:
    """Return how much of a measurement is available, as Markdown.

    Args:
        available: finished parts.
        total: all parts.
        what: the parts, a plural noun.
        stopped: whether nothing more will come.
    """
    if stopped:
        return f"**No verdict: {total - available} of {total} {what} are missing.**"
    return f"**{available} of {total} {what} are finished.** The verdict appears when all are."
