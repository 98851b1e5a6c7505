"""Surfaces of the networks in Li et al.'s figures, against forward passes of the module with assigned weights."""

import os

import numpy as np
import pytest
import torch
from torch import nn

from normscape.landscape import Run, Surface, data_folder, load_data, measure_surface, train, weight_files
from normscape.landscape.objective.parameters import layout_of
from normscape.specs import DataSpec, ModelSpec, RunSpec
from tests.flat import surface_spec

pytestmark = pytest.mark.slow

UNITS = {
    "shift": tuple(value / 255 for value in (125.3, 123.0, 113.9)),
    "deviation": tuple(value / 255 for value in (63.0, 62.1, 66.7)),
}
SIDE = 3  # all points are compared
SPEC = surface_spec(points_alpha=SIDE, points_beta=SIDE, split="held-out", samples=40, statistics="running")


@pytest.fixture(autouse=True, scope="module")
def all_threads(one_thread: None) -> None:
    """Use all threads, since these networks are large enough."""
    torch.set_num_threads(os.cpu_count() or 1)


def reference(run: Run, surface: Surface, alpha: float, beta: float) -> float:
    module = run.module().eval().double()  # the plain network in float32 is off by up to 2e-5
    samples = load_data(run.spec.data).held_out
    rows = samples.subset(SPEC.evaluation.samples, SPEC.evaluation.samples_seed)
    theta = torch.from_numpy(surface.plane.point(alpha, beta)).float()
    parameters = dict(module.named_parameters())
    total = 0.0
    with torch.no_grad():
        for name, value in layout_of(module).unflatten(theta).items():
            parameters[name].copy_(value)
        for part in np.array_split(rows, 2):
            x, y = torch.from_numpy(samples.inputs(part).astype(np.float64)), torch.from_numpy(samples.targets[part])
            total += nn.functional.cross_entropy(module(x), y, reduction="none").sum().item()
    return total / len(rows)


# Without shortcuts rounding grows through 56 layers: torch's own pass in float32 with the channels last is off by
# 3.9e-5 of the loss, in the default format by 3e-6, and which kernels it takes depends on the processor.
ROUNDING = {"project": 1e-5, "none": 5e-5}


@pytest.mark.parametrize(
    ("sha256", "shortcut"),
    [
        ("31a71e40a12e06e1c09de18ad57f8b1fb2e0387da3ffe52abc6ef5f96706f6e6", "project"),
        ("be90a7141def1dfed16ee5cc7181603d28041cb70f379ade4b903e914064e99a", "none"),
    ],
)
def test_surfaces_of_resnet_56_match_reference_d1_d2(sha256: str, shortcut: str) -> None:
    if sha256 not in weight_files() or not (data_folder() / "cifar10").is_dir():
        pytest.skip("needs the published weights and CIFAR-10's test images under NORMSCAPE_DATA")
    model = ModelSpec(architecture="residual", depth=56, shortcut=shortcut)
    run = train(RunSpec(DataSpec(name="cifar10", scaling="given", **UNITS), model, weights=sha256))
    surface = measure_surface(run, SPEC)
    assert surface.complete
    for row in range(SIDE):
        for column in range(SIDE):
            expected = reference(run, surface, surface.alpha[column], surface.beta[row])
            assert surface.loss[row, column] == pytest.approx(expected, rel=ROUNDING[shortcut]), (row, column)
