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
    segments = segments_of(forward.module, forward.inputs[:2]) if every else None
    if segments is None:
        return LayeredLoss(forward)
    return SegmentedLoss(segments, forward.layout, forward.frozen, forward.inputs, forward.value, every)
