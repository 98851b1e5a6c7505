"""The statistics mode of batch normalization, independent of train() and eval() (D1)."""

from torch import nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.instancenorm import _InstanceNorm

from normscape.landscape.objective.problem.copying import copied
from normscape.specs.evaluation import STATISTICS


def validate_statistics(statistics: str, batch_size: int | None) -> tuple[str, int | None]:
    """Return the mode and its batch size unchanged if they are valid.

    Raises:
        ValueError: the mode is unknown, or the batch size is missing, not allowed, or below 1.
    """
    if statistics not in STATISTICS:
        raise ValueError(f"statistics is {statistics!r}; it must be one of {', '.join(STATISTICS)}")
    if (statistics == "batch") != (batch_size is not None):
        need = "needs a batch_size" if statistics == "batch" else f"takes no batch_size; got {batch_size}"
        raise ValueError(f"statistics={statistics!r} {need}")
    if batch_size is not None and batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}; it must be at least 1")
    return statistics, batch_size


def normalizes_over_samples(module: nn.Module) -> bool:
    """Whether some layer of a network takes statistics of several samples, in its training mode."""
    return any(map(takes_statistics, module.modules()))


def takes_statistics(layer: nn.Module) -> bool:
    """Whether a layer is a kind of batch normalization, with statistics of several samples."""
    return isinstance(layer, _NormBase) and not isinstance(layer, _InstanceNorm)


def private_copy(module: nn.Module, statistics: str) -> nn.Module:
    """Copy a network into evaluation mode, without running averages unless the mode is "running".

    Without running averages, torch's batch-norm layers use batch statistics and write to no buffer.

    Raises:
        ValueError: the mode is "running", and a layer has no running averages.
    """
    private = copied(module).eval()
    for layer in private.modules():
        if isinstance(layer, _NormBase) and statistics != "running":
            layer.track_running_stats = False
            layer.running_mean = layer.running_var = layer.num_batches_tracked = None
        elif takes_statistics(layer) and layer.running_mean is None:
            raise ValueError("statistics='running' needs running averages, but a batch-norm layer has none")
    return private
