"""The form of a loss over several tiles: by segments where the network can be cut, layer by layer elsewhere (D1)."""

from normscape.landscape.objective.forward import Forward
from normscape.landscape.objective.population.by_layers import LayeredLoss
from normscape.landscape.objective.population.by_segments import SegmentedLoss
from normscape.landscape.objective.population.segments import segments_of


def tiled_loss(forward: Forward, every: int) -> SegmentedLoss | LayeredLoss:
    """Return f over several tiles.

    Args:
        forward: the network, its evaluation set, and its loss.
        every: what lives between segments is kept at every n-th cut; 0: nothing is, layer by layer.
    """
    inputs = forward.inputs
    segments = segments_of(forward.module, inputs[:2]) if every and inputs is not None else None
    if segments is None or inputs is None:
        return LayeredLoss(forward)
    return SegmentedLoss(segments, forward.layout, forward.frozen, inputs, forward.value, every)
