"""Published networks reproduce their published errors and losses through Normscape's loaders, networks and objective.

Errors and mean losses on CIFAR-10's 10,000 test images: of the networks behind the figures of Li et al. 2018
(tomgoldstein/loss-landscape) and of akamaster/pytorch_resnet_cifar10.
"""

import os

import pytest
import torch

from normscape.landscape import data_folder, train, weight_files
from normscape.landscape.objective.from_run import objective_of
from normscape.specs import DataSpec, EvaluationSpec, ModelSpec, RunSpec

pytestmark = pytest.mark.slow

IMAGENET = {"shift": (0.485, 0.456, 0.406), "deviation": (0.229, 0.224, 0.225)}
LI = {
    "shift": tuple(value / 255 for value in (125.3, 123.0, 113.9)),
    "deviation": tuple(value / 255 for value in (63.0, 62.1, 66.7)),
}

PUBLISHED = [
    ("31a71e40a12e06e1c09de18ad57f8b1fb2e0387da3ffe52abc6ef5f96706f6e6", 56, "project", LI, 6.34, 0.28830),
    ("be90a7141def1dfed16ee5cc7181603d28041cb70f379ade4b903e914064e99a", 56, "none", LI, 13.31, 0.43274),
    ("12fca82f0bebc4135bf1f32f6e3710e61d5108578464b84fd6d7f5c1b04036c8", 20, "pad", IMAGENET, 8.27, 0.37266),
    ("4bfd97631478d6b638d2764fd2baff3edb1d7d82252d54439343b6596b9b5367", 56, "pad", IMAGENET, 6.61, 0.34583),
]


@pytest.fixture(autouse=True, scope="module")
def all_threads(one_thread: None) -> None:
    """Use all threads, since these networks are large enough."""
    torch.set_num_threads(os.cpu_count() or 1)


@pytest.mark.parametrize(("sha256", "depth", "shortcut", "units", "error", "loss"), PUBLISHED)
def test_published_networks_reproduce_published_error_and_loss(
    sha256: str, depth: int, shortcut: str, units: dict, error: float, loss: float
) -> None:
    if sha256 not in weight_files() or not (data_folder() / "cifar10").is_dir():
        pytest.skip("needs the published weights and CIFAR-10's test images under NORMSCAPE_DATA")
    model = ModelSpec(architecture="residual", depth=depth, shortcut=shortcut)
    run = train(RunSpec(DataSpec(name="cifar10", scaling="given", **units), model, weights=sha256))
    spec = EvaluationSpec(split="held-out", samples=10_000, statistics="running")
    objective = objective_of(run, spec)
    assert objective.samples == 10_000
    found, accuracy = objective.loss_and_accuracy(objective.theta)
    assert round(100 * (1 - accuracy), 2) == error
    assert found == pytest.approx(loss, abs=1e-4)
