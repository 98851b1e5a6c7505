"""Devices: settings of a process, and code that keeps its numbers on the device.

Tensors on torch's meta device have shapes and no numbers. A read of a number from them raises, and so does an operation
with a tensor on the CPU, except for products: on a GPU the first would wait for the GPU, and the second would fail.
"""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from normscape.landscape import Objective, configure_process, machine_record, objective_of, runtime, train
from normscape.landscape.memory_format import memory_format_of
from normscape.landscape.objective import from_run
from normscape.landscape.objective.batching import CARD_SHARE, CARD_VALUES, GRADIENT_MEMORY, Passes, passes_of
from normscape.landscape.objective.counting import Saved
from normscape.landscape.objective.layers import LayerNorms
from normscape.landscape.plane.plane import random_plane
from normscape.landscape.surface import points
from normscape.landscape.surface.slice import Slice
from normscape.landscape.training import trainer as training
from normscape.landscape.training.trainer import STEPS_UNREAD, Trainer
from normscape.models import build_model
from normscape.specs import DataSpec, EvaluationSpec, GridSpec, ModelSpec, PlaneSpec, RunSpec, TrainingSpec

META = torch.device("meta")

MODELS = [
    ModelSpec("perceptron", norm="batch"),
    ModelSpec("convolutional", norm="batch"),
    ModelSpec("convolutional", norm="group"),
    ModelSpec("residual", norm="batch"),
    ModelSpec("transformer", norm="layer"),
    ModelSpec("perceptron", norm="weight"),
    ModelSpec("deep-linear", norm="none"),
]

MODES = [
    ("population", {}),
    ("population", {"micro_batch": 16}),
    ("batch", {"batch_size": 16}),
    ("running", {}),
]


@pytest.fixture
def on_meta(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_DEVICE", [META])


def objective_on_meta(model: ModelSpec, statistics: str, **sizes: int) -> Objective:
    module = build_model(model, (1, 8, 8), 10).to(META)
    inputs, targets = torch.empty(32, 1, 8, 8, device=META), torch.empty(32, dtype=torch.long, device=META)
    return Objective(module, inputs, targets, statistics=statistics, **sizes)


@pytest.mark.parametrize(("statistics", "sizes"), MODES)
@pytest.mark.parametrize("model", MODELS, ids=lambda model: f"{model.architecture}-{model.norm}")
def test_losses_gradients_and_products_stay_on_the_device(model: ModelSpec, statistics: str, sizes: dict) -> None:
    if statistics == "running" and model.norm != "batch":
        pytest.skip("there are no running averages")
    objective = objective_on_meta(model, statistics, **sizes)
    sums, gradient = objective.sums_and_gradient(objective.theta)
    product = objective.hvp(objective.theta, objective.theta)
    assert {tensor.device for tensor in (sums, objective.sums(objective.theta), gradient, product)} == {META}
    assert gradient.shape == product.shape == objective.theta.shape


@pytest.mark.parametrize("model", MODELS[:2], ids=lambda model: model.architecture)
def test_points_of_a_surface_stay_on_the_device(model: ModelSpec) -> None:
    objective = objective_on_meta(model, "population")
    layout, theta = objective.layout, torch.randn(len(objective.theta))
    subject = Slice(objective, random_plane(theta, layout, PlaneSpec()))
    grid = GridSpec((3, 3), ((-1.0, 1.0), (-1.0, 1.0)))
    for number in range(9):
        numbers = points._with_neighbors(subject, grid, number, lambda: False)
        assert numbers.shape == (len(points.NUMBERS) + len(subject.layers),)
        assert numbers.device == points._sums_and_step(subject, 0.1, number, lambda: False).device == META


@pytest.mark.parametrize("augmentation", ["none", "crop-flip"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "gradient-descent"])
def test_training_steps_read_nothing(
    on_meta: None, monkeypatch: pytest.MonkeyPatch, optimizer: str, augmentation: str
) -> None:
    monkeypatch.setattr(Trainer, "_keep", lambda self: None)
    settings = TrainingSpec(steps=40, batch_size=32, optimizer=optimizer, augmentation=augmentation)
    trainer = Trainer(RunSpec(DataSpec(size=200), ModelSpec("convolutional", norm="batch"), settings))
    for _ in range(3):
        before = trainer._snapshot()
        assert trainer._take_step().device == META
        assert training._size(trainer._parameters).device == META
    trainer._return_to(*before)
    assert trainer.step == 2
    assert trainer._next_reading <= 2 + STEPS_UNREAD


def training_in_blocks(spec: RunSpec, unread: int) -> Trainer:
    trainer = Trainer(spec)
    trainer._unread = unread
    while not trainer.finished:
        trainer.advance(23)
    return trainer


@pytest.mark.parametrize(
    ("optimizer", "rate", "diverges"),
    [("sgd", 0.1, False), ("adam", 0.01, False), ("sgd", 60.0, True), ("sgd", 1e5, True)],
)
def test_steps_in_blocks_are_the_same_steps(optimizer: str, rate: float, diverges: bool) -> None:
    settings = TrainingSpec(steps=70, batch_size=32, optimizer=optimizer, learning_rate=rate, checkpoints=(10, 37))
    spec = RunSpec(DataSpec(size=200), ModelSpec(norm="none"), settings)
    one, other = (training_in_blocks(spec, unread).state() for unread in (1, STEPS_UNREAD))
    assert (one.diverged_at is not None) == diverges
    assert (one.step, one.diverged_at) == (other.step, other.diverged_at)
    np.testing.assert_array_equal(one.batch_loss, other.batch_loss)
    np.testing.assert_equal([vars(r) for r in one.records], [vars(r) for r in other.records])
    for name, tensor in one.tensors.items():
        torch.testing.assert_close(tensor, other.tensors[name], rtol=0, atol=0, equal_nan=True)
    assert [checkpoint.step for checkpoint in one.checkpoints] == [checkpoint.step for checkpoint in other.checkpoints]
    for a, b in zip(one.checkpoints, other.checkpoints, strict=True):
        assert all(np.array_equal(array, b.tensors[name]) for name, array in a.tensors.items())


def test_layer_norms_of_a_gpu_are_those_of_a_cpu() -> None:
    layers = {"a": (slice(0, 5), slice(9, 12)), "b": (slice(5, 9),)}
    values = torch.randn(12, generator=torch.Generator().manual_seed(0))
    norms = LayerNorms(layers, values)
    expected = [values[:5].square().sum() + values[9:].square().sum(), values[5:9].square().sum()]
    for found in (norms.of(values), norms._of_blocks(values.double())):
        torch.testing.assert_close(found, torch.stack(expected).sqrt().double())
    values[2] = torch.inf
    assert norms._of_blocks(values.double()).isfinite().tolist() == [False, True]


@pytest.mark.parametrize("statistics", ["population", "running"])
def test_passes_follow_the_memory_of_the_card(statistics: str) -> None:
    spec, saved = EvaluationSpec(samples=5000, statistics=statistics), Saved(10**6, 2**14, ((1, 10**5), (4, 10**4)))

    def passes(samples: int, card_bytes: int) -> Passes:
        return passes_of(spec, samples, saved, 3072, card_bytes=card_bytes)

    card = int(CARD_SHARE * GRADIENT_MEMORY * 4 * 10**6 * 1000.5)  # a quarter of it holds 1,000 samples of a gradient
    assert passes(5000, card) == Passes(5000, 1000, 272, 1)
    assert passes(500, card) == Passes(500, 500, 272, 1)
    assert passes(50_000, card)[1:] == (1000, 272, 4)  # what lives between segments is kept for all samples
    assert passes(5000, 1) == Passes(2, 2, 2, 0)
    assert passes(10**6, 2**60) == Passes(*3 * [CARD_VALUES // 2**14])
    assert passes_of(EvaluationSpec(statistics="batch", batch_size=64), 500, saved, 1, card_bytes=1).loss == 64


def test_an_objective_is_divided_by_the_memory_of_the_card(monkeypatch: pytest.MonkeyPatch) -> None:
    run = train(RunSpec(DataSpec(size=200), ModelSpec("convolutional", norm="batch"), TrainingSpec(steps=0)))
    spec = EvaluationSpec(samples=128)
    whole = objective_of(run, spec)
    monkeypatch.setattr(from_run, "card_bytes", lambda: 2**22)
    divided = objective_of(run, spec)
    assert whole.passes.gradient == 128 > divided.passes.gradient > divided.passes.product >= 2
    assert divided.tiled
    one, other = (each.evaluate(each.theta) for each in (whole, divided))
    assert one.loss == pytest.approx(other.loss, rel=1e-5)
    torch.testing.assert_close(one.gradient, other.gradient, rtol=1e-3, atol=1e-5)


def test_channels_come_last_on_a_cpu_only() -> None:
    class OnGpu(torch.nn.Conv2d):
        weight = property(lambda self: type("Weight", (), {"device": torch.device("cuda")}))

    assert memory_format_of(torch.nn.Conv2d(8, 8, 3)) == torch.channels_last
    plain = torch.nn.Conv2d(8, 8, 3)
    plain.__class__ = OnGpu
    assert memory_format_of(torch.nn.Sequential(plain)) == torch.contiguous_format


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(ValueError, match="device 'gpu' is unknown; it must be one of auto, cpu, cuda"):
        configure_process(1, "gpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_without_a_gpu_auto_is_the_cpu_and_cuda_is_refused() -> None:
    assert runtime.chosen_device("auto") == runtime.chosen_device("cpu") == "cpu"
    with pytest.raises(ValueError, match="device 'cuda' is not available to torch"):
        configure_process(1, "cuda")
    assert runtime.device().type == "cpu"
    assert runtime.card_bytes() is None
    assert runtime.available_bytes() > 0


@pytest.mark.skipif(not Path("/proc/meminfo").exists(), reason="needs Linux")
def test_the_cache_of_files_counts_as_available_memory() -> None:
    """A machine that has read large files has hardly any unused pages, and gigabytes for whoever asks."""
    status = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    available = 1024 * int(status["MemAvailable"].split()[0])
    assert runtime.available_bytes() == pytest.approx(available, rel=0.3)  # other processes go on


@pytest.fixture
def pretended_gpu(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A GPU in torch's answers, without the thing itself; settings that a test changes are restored."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: False)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Pretended 1")
    monkeypatch.setattr(torch.backends.cudnn, "version", lambda: 91002)
    monkeypatch.setattr(runtime, "_DEVICE", [torch.device("cpu")])
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, cudnn.allow_tf32, cudnn.deterministic, cudnn.benchmark
    yield monkeypatch
    matmul.allow_tf32, cudnn.allow_tf32, cudnn.deterministic, cudnn.benchmark = before
    torch.use_deterministic_algorithms(False)
    torch.utils.deterministic.fill_uninitialized_memory = True


@pytest.mark.parametrize("tf32", [False, True])
def test_a_gpu_repeats_its_bits_and_has_a_record_of_its_own(pretended_gpu: pytest.MonkeyPatch, tf32: bool) -> None:
    threads, cpu = torch.get_num_threads(), machine_record()
    configure_process(threads, "auto", tf32=tf32)
    assert runtime.device().type == "cuda"
    assert torch.are_deterministic_algorithms_enabled()
    assert not torch.is_deterministic_algorithms_warn_only_enabled()
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    assert (torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark) == (True, False)
    assert torch.backends.cuda.matmul.allow_tf32 == torch.backends.cudnn.allow_tf32 == tf32
    record = machine_record()
    assert {name: record[name] for name in record.keys() - cpu.keys()} == {
        "card": "Pretended 1",
        "CUDA": str(torch.version.cuda),
        "cuDNN": "91002",
        "TF32": "on" if tf32 else "off",
    }
    assert (record["device"], cpu["device"]) == ("cuda", "cpu")


def test_cuda_that_does_not_repeat_its_results_is_refused(pretended_gpu: pytest.MonkeyPatch) -> None:
    pretended_gpu.setenv("CUBLAS_WORKSPACE_CONFIG", ":0:0")
    with pytest.raises(RuntimeError, match=r"CUBLAS_WORKSPACE_CONFIG is :0:0.* only with one of :4096:8, :16:8"):
        configure_process(1, "cuda")
    pretended_gpu.delenv("CUBLAS_WORKSPACE_CONFIG")
    pretended_gpu.setattr(torch.cuda, "is_initialized", lambda: True)
    with pytest.raises(RuntimeError, match="CUBLAS_WORKSPACE_CONFIG is not set"):
        configure_process(1, "cuda")
    assert runtime.device().type == "cpu"


def test_the_cpu_stays_as_torch_sets_it() -> None:
    configure_process(torch.get_num_threads(), "cpu")
    assert not torch.are_deterministic_algorithms_enabled()
