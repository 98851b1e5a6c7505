"""What batch normalization evaluates with: an explicit choice, never an accident of train() or eval() (D1)."""

import copy

from torch import nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.instancenorm import _InstanceNorm

from normscape.specs.evaluation import STATISTICS


def checked_statistics(statistics: str, batch_size: int | None) -> tuple[str, int | None]:
    """Return the mode and its batch size as they are, or say what is wrong with them.

    Raises:
        ValueError: an unknown mode, or a batch size that is missing, superfluous or below 1.
    """
    if statistics not in STATISTICS:
        raise ValueError(f"statistics is {statistics!r}; it must be one of {', '.join(STATISTICS)}")
    if (statistics == "batch") != (batch_size is not None):
        need = "needs a batch_size" if statistics == "batch" else f"takes no batch_size, but {batch_size} was given"
        raise ValueError(f"statistics={statistics!r} {need}")
    if batch_size is not None and batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}; it must be at least 1")
    return statistics, batch_size


def private_copy(module: nn.Module, statistics: str) -> nn.Module:
    """Copy a network into evaluation mode; batch normalization loses its averages unless they are what is asked for.

    Without averages, torch's layers take the statistics of what they are given and have nothing to write to.

    Raises:
        ValueError: running averages are asked for, and a layer keeps none.
    """
    private = copy.deepcopy(module).eval()
    for layer in private.modules():
        if isinstance(layer, _NormBase) and statistics != "running":
            layer.track_running_stats = False
            layer.running_mean = layer.running_var = layer.num_batches_tracked = None
        elif isinstance(layer, _NormBase) and not isinstance(layer, _InstanceNorm) and layer.running_mean is None:
            raise ValueError("statistics='running' needs running averages, and a batch-norm layer keeps none")
    return private
