"""The order of an image's values in memory: channels last where convolutions on a CPU are fastest with it."""

import torch
from torch import Tensor, nn

VECTOR = 8
"""Values of a vector register with AVX2."""


def memory_format_of(module: nn.Module) -> torch.memory_format:
    """Return the format in which a network's convolutions are fastest, and safe; on a GPU the default format.

    A 1 x 1 convolution with a stride above 1 and 2 to 5 input channels writes beyond its buffer with the channels last
    (oneDNN 3.12, AVX2: glibc reports corrupted memory after a forward and a backward pass). Networks with such a
    convolution of a channel count that is no multiple of 8 keep the default format.
    """
    convolutions = [layer for layer in module.modules() if isinstance(layer, nn.Conv2d)]
    on_cpu = all(layer.weight.device.type in ("cpu", "meta") for layer in convolutions)
    safe = on_cpu and not any(map(_is_unsafe, convolutions))
    return torch.channels_last if safe else torch.contiguous_format


def evaluation_format(module: nn.Module, theta: Tensor) -> torch.memory_format:
    """Return the format in which a network's loss and gradient are evaluated: float32 and bfloat16 gain on a CPU.

    Hessian-vector products would take longer with the channels last.
    """
    return memory_format_of(module) if folds(theta) else torch.contiguous_format


def folds(theta: Tensor) -> bool:
    """Whether layers are merged for the loss: where it gains, and float64 stays the plain network to compare with."""
    return theta.dtype in (torch.float32, torch.bfloat16) and theta.device.type == "cpu"


def laid_out(inputs: Tensor, memory_format: torch.memory_format) -> Tensor:
    """Return images in a memory format; other inputs as they are.

    Images of one channel, whose values have the same order in both formats, keep their strides: with the strides of
    the other format oneDNN's backward pass crashed on AVX2.
    """
    return inputs.contiguous(memory_format=memory_format) if inputs.ndim == 4 else inputs


def _is_unsafe(layer: nn.Conv2d) -> bool:
    return set(layer.kernel_size) == {1} and max(layer.stride) > 1 and layer.in_channels % VECTOR != 0
