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
    if stopped:
        return f"**No verdict: {total - available} of {total} {what} are missing.**"
    return (
        f"**{available} of {total} {what} are {done}, {total - available} are left.** The verdict appears when all are."
    )
