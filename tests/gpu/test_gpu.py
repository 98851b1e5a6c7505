"""A GPU in float32 against a CPU in float64, and against itself. Skipped where torch sees no GPU.

The bounds are those of docs/running.md and of the checks' green verdicts, for smooth networks without TF32.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
import torch

from normscape.landscape import (
    Objective,
    Run,
    configure_process,
    load_data,
    machine_record,
    measure_numerical_checks,
    measure_sharpness,
    measure_surface,
    objective_of,
    slice_of,
    train,
)
from normscape.landscape.analysis.centering import measure_centering
from normscape.landscape.measurement import Piece
from normscape.landscape.objective import from_run
from normscape.landscape.surface.points import evaluate, evaluate_losses
from normscape.landscape.training.batches import batch_of
from normscape.landscape.training.train import run_of
from normscape.landscape.training.trainer import Trainer
from normscape.specs import ChecksSpec, DataSpec, EvaluationSpec, GridSpec, ModelSpec, PlaneSpec, RunSpec, TrainingSpec
from normscape.specs.fields import project
from tests.flat import surface_spec

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU")]

LOSS, GRADIENT, PRODUCT, SHARPNESS = 1e-5, 1e-4, 1e-4, 1e-4
"""Largest relative differences."""

MODELS = [
    ModelSpec("perceptron", norm="none", activation="gelu"),
    ModelSpec("perceptron", norm="batch", activation="gelu"),
    ModelSpec("convolutional", norm="batch", activation="gelu"),
    ModelSpec("convolutional", norm="group", activation="gelu"),
    ModelSpec("residual", norm="batch", activation="gelu"),
    ModelSpec("transformer", norm="layer", activation="gelu"),
]

BATCH = [model for model in MODELS if model.norm == "batch"]


@contextmanager
def on(device: str, *, tf32: bool = False) -> Iterator[None]:
    """Use a device inside, and the CPU as torch sets it afterwards."""
    threads = torch.get_num_threads()
    configure_process(threads, device, tf32=tf32)
    try:
        yield
    finally:
        configure_process(threads, "cpu")
        torch.use_deterministic_algorithms(False)


def spec_of(model: ModelSpec, **training) -> RunSpec:
    return RunSpec(DataSpec(size=200), model, TrainingSpec(**{"steps": 20, "batch_size": 32, **training}))


def objectives(model: ModelSpec, statistics: str) -> tuple[Objective, Objective]:
    """The same network on the CPU in float64, and on the GPU in float32."""
    run, spec = train(spec_of(model)), EvaluationSpec(samples=128, statistics=statistics, batch_size=64)
    exact = objective_of(run, replace(spec, precision="float64"))
    with on("cuda"):
        return exact, objective_of(run, spec)


def difference(value: torch.Tensor, exact: torch.Tensor) -> float:
    return float((value.double().cpu() - exact).norm() / exact.norm())


@pytest.mark.parametrize("statistics", ["population", "batch", "running"])
@pytest.mark.parametrize("model", MODELS, ids=lambda model: f"{model.architecture}-{model.norm}")
def test_losses_gradients_products_and_sharpness_agree_with_the_cpu(model: ModelSpec, statistics: str) -> None:
    if statistics != "population" and model.norm != "batch":
        pytest.skip("the statistics have no effect")
    exact, ours = objectives(model, statistics)
    vector = torch.randn(len(exact.theta), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    with on("cuda"):
        assert ours.theta.device.type == "cuda"
        assert ours.loss_and_accuracy(ours.theta)[0] == pytest.approx(exact.loss(exact.theta).item(), rel=LOSS)
        assert ours.evaluate(ours.theta).accuracy == exact.evaluate(exact.theta).accuracy
        assert difference(ours.gradient(ours.theta), exact.gradient(exact.theta)) <= GRADIENT
        assert difference(ours.hvp(ours.theta, vector), exact.hvp(exact.theta, vector)) <= PRODUCT
        assert measure_sharpness(ours).value == pytest.approx(measure_sharpness(exact).value, rel=SHARPNESS)


@pytest.mark.parametrize("model", BATCH, ids=lambda model: model.architecture)
def test_population_statistics_over_tiles_agree_with_one_pass(
    model: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, spec = train(spec_of(model)), EvaluationSpec(samples=128)
    with on("cuda"):
        whole = objective_of(run, spec)
        monkeypatch.setattr(from_run, "card_bytes", lambda: 2**20)
        divided = objective_of(run, spec)
        assert divided.tiled > whole.tiled
        one, other = (each.evaluate(each.theta) for each in (whole, divided))
        assert one.loss == pytest.approx(other.loss, rel=LOSS)
        assert difference(other.gradient, one.gradient.double().cpu()) <= GRADIENT


@pytest.mark.parametrize("model", MODELS, ids=lambda model: f"{model.architecture}-{model.norm}")
def test_training_repeats_its_bits(model: ModelSpec) -> None:
    spec = spec_of(model, steps=60, checkpoints=(7, 31))
    with on("cuda"):
        whole, trainer, record = train(spec), Trainer(spec), machine_record()
        while not trainer.finished:  # in other blocks, and through states on the CPU
            trainer.advance(13)
            trainer = Trainer(spec, trainer.state())
    assert record["device"] == "cuda"
    assert record["card"] == torch.cuda.get_device_name()
    assert equal_bits(whole, run_of(trainer.state()))


def equal_bits(one: Run, other: Run) -> bool:
    assert np.array_equal(one.history.batch_loss, other.history.batch_loss, equal_nan=True)
    return all(
        np.array_equal(array, b.tensors[name])
        for a, b in zip(one.checkpoints, other.checkpoints, strict=True)
        for name, array in a.tensors.items()
    )


@pytest.mark.parametrize("rate", [60.0, 1e5])
def test_divergence_is_found_at_its_step(rate: float) -> None:
    spec = spec_of(ModelSpec(norm="none"), steps=70, optimizer="sgd", learning_rate=rate)
    with on("cuda"):
        blocks, single = Trainer(spec), Trainer(spec)
        single._unread = 1
        for trainer in (blocks, single):
            while not trainer.finished:
                trainer.advance(23)
        assert blocks.diverged_at == single.diverged_at is not None
        assert equal_bits(run_of(blocks.state()), run_of(single.state()))


def test_the_first_steps_agree_with_the_cpu() -> None:
    spec = spec_of(ModelSpec("convolutional", norm="batch", activation="gelu"), steps=5)
    cpu = train(spec)
    with on("cuda"):
        gpu = train(spec)
    np.testing.assert_allclose(gpu.history.batch_loss, cpu.history.batch_loss, rtol=1e-4)
    np.testing.assert_allclose(gpu.history.held_out_loss, cpu.history.held_out_loss, rtol=1e-3)


def test_augmented_batches_are_those_of_the_cpu() -> None:
    spec = spec_of(ModelSpec("convolutional"), augmentation="crop-flip")
    cpu = batch_of(spec, load_data(spec.data), 3)
    with on("cuda"):
        gpu = batch_of(spec, load_data(spec.data), 3)
    assert all(torch.equal(a, b.cpu()) for a, b in zip(cpu, gpu, strict=True))


@pytest.mark.parametrize("model", BATCH, ids=lambda model: model.architecture)
def test_surfaces_repeat_their_bits_and_agree_with_the_cpu(model: ModelSpec) -> None:
    run, spec, grid = train(spec_of(model)), EvaluationSpec(samples=128), GridSpec((5, 5), ((-1, 1), (-1, 1)))
    exact = evaluate(slice_of(run, replace(spec, precision="float64"), PlaneSpec()), grid, Piece("points", 0, 25))
    with on("cuda"):
        whole = evaluate(slice_of(run, spec, PlaneSpec()), grid, Piece("points", 0, 25))
        again = slice_of(run, spec, PlaneSpec())
        parts = [evaluate(again, grid, Piece("points", *ends)) for ends in ((12, 25), (0, 12))]
        losses = evaluate_losses(again, grid, Piece("points", 0, 25))
    for name, values in whole.items():
        np.testing.assert_array_equal(values, np.concatenate([parts[1][name], parts[0][name]]))
        np.testing.assert_allclose(values, exact[name], rtol=1e-3, err_msg=name)
    np.testing.assert_allclose(losses["loss"], exact["loss"], rtol=LOSS)


def test_checks_of_a_surface_are_green() -> None:
    run = train(spec_of(ModelSpec("convolutional", norm="batch", activation="gelu")))
    spec = surface_spec(points_alpha=5, points_beta=5)
    with on("cuda"):
        surface = measure_surface(run, spec)
        checks = measure_numerical_checks(run, project(ChecksSpec, surface.spec, surface.spec.grid), surface.plane)
    assert [check.verdict for check in checks[:4]] == ["green"] * 4


def test_an_analysis_runs_on_the_gpu() -> None:
    exact, ours = objectives(MODELS[1], "population")
    with on("cuda"):
        found = measure_centering(ours)
    for a, b in zip(found.layers, measure_centering(exact).layers, strict=True):
        np.testing.assert_allclose(a.both, b.both, rtol=1e-2)
        np.testing.assert_allclose(a.moment, b.moment, rtol=1e-4)


def test_tf32_is_off_unless_chosen() -> None:
    a = torch.randn(512, 512, generator=torch.Generator().manual_seed(0))
    exact = a.double() @ a.double()
    with on("cuda"):
        assert difference(a.cuda() @ a.cuda(), exact) < 1e-6
        assert machine_record()["TF32"] == "off"
    with on("cuda", tf32=True):
        assert machine_record()["TF32"] == "on"
