"""Where a normalization is undefined, each with the reason and the remedy."""

WITH_THRESHOLD = ("convolutional", "residual")
"""Architectures whose activations a threshold per channel can replace."""


def averages_over_positions(positions: int) -> str | None:
    """Return why vectors are refused."""
    return None if positions else "it averages over the positions of an image"


def is_sign_of_vectors(positions: int) -> str | None:
    """Return why vectors are refused."""
    return None if positions else "without positions to average over, its output is the sign of its input"


def without_place_for_threshold(architecture: str) -> str | None:
    """Return why there is no place for a threshold instead of an activation."""
    if architecture in WITH_THRESHOLD:
        return None
    if architecture == "transformer":
        return (
            "its threshold takes the place of an activation, and in a transformer no activation belongs to a "
            "normalization; use a convolutional or residual network"
        )
    return (
        "its threshold takes the place of the activations, which this network chooses itself; use the convolutional or "
        "residual network"
    )


def without_attention(architecture: str) -> str | None:
    """Return why there are no queries and keys."""
    if architecture == "transformer":
        return None
    return "it normalizes the queries and keys of attention, which only the transformer here has; use the transformer"
