"""Networks and evaluation sets of the benchmark."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from normscape.landscape import load_data
from normscape.landscape.training.published_weights import load_weights
from normscape.models import build_model
from normscape.specs import DataSpec, ModelSpec

PUBLISHED = {
    20: "12fca82f0bebc4135bf1f32f6e3710e61d5108578464b84fd6d7f5c1b04036c8",
    56: "4bfd97631478d6b638d2764fd2baff3edb1d7d82252d54439343b6596b9b5367",
}
"""SHA-256 of published weights, by depth (https://github.com/akamaster/pytorch_resnet_cifar10)."""

CIFAR = DataSpec("cifar10", scaling="given", shift=(0.485, 0.456, 0.406), deviation=(0.229, 0.224, 0.225))


@dataclass(frozen=True, eq=False)
class Case:
    """A network in evaluation mode, with running averages, and its evaluation set."""

    module: nn.Module
    inputs: Tensor  # (M, ...) float32
    targets: Tensor  # (M,)


def vgg() -> nn.Module:
    """Return a VGG of nine layers for images of 32 x 32 pixels (Simonyan and Zisserman 2014, arXiv 1409.1556)."""
    layers: list[nn.Module] = []
    channels = 3
    for width in (64, 0, 128, 0, 256, 256, 0, 512, 512, 0):
        if width:
            convolution = nn.Conv2d(channels, width, 3, padding=1, bias=False)
            layers += [convolution, nn.BatchNorm2d(width), nn.ReLU()]
            channels = width
        else:
            layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(2048, 512), nn.ReLU(), nn.Linear(512, 10))


def _residual(depth: int) -> nn.Module:
    module = build_model(ModelSpec("residual", depth=depth, shortcut="pad"), (3, 32, 32), 10)
    load_weights(module, (PUBLISHED[depth],))
    return module


def _small(spec: ModelSpec, shape: tuple[int, ...]) -> nn.Module:
    return build_model(spec, shape, 10)


DIGITS, IMAGES = (1, 8, 8), (3, 32, 32)

NETWORKS: dict[str, tuple[DataSpec, Callable[[], nn.Module]]] = {
    "MLP, digits": (DataSpec(), lambda: _small(ModelSpec(norm="none"), DIGITS)),
    "MLP + BN, digits": (DataSpec(), lambda: _small(ModelSpec(norm="batch"), DIGITS)),
    "CNN + BN, digits": (DataSpec(), lambda: _small(ModelSpec("convolutional", norm="batch"), DIGITS)),
    "ResNet-20, CIFAR-10": (CIFAR, lambda: _residual(20)),
    "ResNet-56, CIFAR-10": (CIFAR, lambda: _residual(56)),
    "VGG-9, CIFAR-10": (CIFAR, vgg),
    "transformer, CIFAR-10": (CIFAR, lambda: _small(ModelSpec("transformer", norm="layer"), IMAGES)),
}


def build(name: str, most: int) -> Case:
    """Return a case with at most `most` samples; weights that are not published are random, with real averages.

    Raises:
        MissingDataError: the images are not in NORMSCAPE_DATA.
        ValueError: the weights are not there.
    """
    data_spec, network = NETWORKS[name]
    data = load_data(data_spec)
    samples = data.split("held-out" if data_spec.name == "cifar10" else "train")
    chosen = samples.subset(most, 0)
    inputs = torch.from_numpy(np.array(samples.inputs(chosen))).float()
    targets = torch.from_numpy(np.array(samples.targets[chosen]))
    torch.manual_seed(0)
    module = network()
    if not name.startswith("ResNet"):
        _take_averages(module, inputs[:256])
    return Case(module.eval(), inputs, targets)


def _take_averages(module: nn.Module, inputs: Tensor) -> None:
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            layer.momentum = None  # the mean over all batches seen, of which there is one
    module.train()
    with torch.no_grad():
        module(inputs)
