"""Training: chunks equal the whole, reference optimizers, checkpoints, history, divergence (D4, A12, §5)."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from normscape.landscape import Run, load_data, measure_surface, objective_of, train
from normscape.landscape.runtime import use_threads
from normscape.landscape.training.record_plan import PASS_SAMPLES
from normscape.landscape.training.train import run_of
from normscape.landscape.training.trainer import build_network
from normscape.specs import DataSpec, EvaluationSpec, ModelSpec, RunSpec, TrainingSpec
from tests.landscape.networks import advance, grid, small_run, start

NOTED = ("step", "train_loss", "train_accuracy", "held_out_loss", "held_out_accuracy")


def bits(run: Run) -> tuple:
    weights = [(c.step, name, c.tensors[name].tobytes()) for c in run.checkpoints for name in c.tensors]
    return weights, [getattr(run.history, name).tobytes() for name in NOTED], run.diverged_at


@pytest.mark.parametrize("norm", ["none", "batch"])
@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_training_in_chunks_is_bitwise_equal_to_training_at_once(norm: str, chunk: int) -> None:
    spec = small_run(norm, weight_decay=0.01)
    state = start(spec)
    while not state.finished:
        state = advance(state, chunk)
    assert state.step == 20
    assert bits(run_of(state)) == bits(train(spec))


IMAGE_TRAININGS = [
    ("convolutional", "sgd", "constant", "none"),
    ("convolutional", "adam", "cosine", "crop-flip"),
    ("residual", "sgd", "step", "flip"),
]


@pytest.mark.parametrize(("architecture", "optimizer", "schedule", "augmentation"), IMAGE_TRAININGS)
def test_convolutional_training_in_chunks_is_bitwise_equal(
    architecture: str, optimizer: str, schedule: str, augmentation: str
) -> None:
    training = TrainingSpec(
        optimizer=optimizer,
        schedule=schedule,
        augmentation=augmentation,
        steps=6,
        batch_size=16,
        recorded_samples=8,
        weight_decay=0.01,
        learning_rate=0.01,
    )
    model = ModelSpec(architecture=architecture, depth=8 if architecture == "residual" else 2, width=4)
    spec = RunSpec(DataSpec(size=100), model, training)
    state = start(spec)
    while not state.finished:
        state = advance(state, 2)
    assert bits(run_of(state)) == bits(train(spec))
    assert all(array.flags.c_contiguous for array in run_of(state).checkpoints[-1].tensors.values())


def test_a_schedule_sets_the_rate_of_each_step() -> None:
    spec = small_run("none", momentum=0.0, steps=4, schedule="step")
    constant = replace(spec, training=replace(spec.training, schedule="constant"))
    before, after, at_full_rate = (
        advance(start(one), steps).tensors for one, steps in ((spec, 2), (spec, 3), (constant, 3))
    )
    for name in before:
        full = at_full_rate[name] - before[name]
        assert torch.allclose(after[name] - before[name], 0.1 * full, atol=1e-7)
        assert full.abs().max() > 1e-4


def test_advance_does_not_mutate_its_input() -> None:
    first = advance(start(small_run("batch")), 3)
    before = {name: tensor.clone() for name, tensor in first.tensors.items()}
    saved, optimizer = bits(run_of(first)), copy.deepcopy(first.optimizer)
    one, other = advance(first, 5), advance(first, 5)
    assert all(torch.equal(first.tensors[name], before[name]) for name in before)
    assert bits(run_of(first)) == saved
    assert first.step == 3
    buffers = [(state["state"][k]["momentum_buffer"]) for state in (first.optimizer, optimizer) for k in state["state"]]
    half = len(buffers) // 2
    assert half > 0
    assert all(torch.equal(a, b) for a, b in zip(buffers[:half], buffers[half:], strict=True))
    assert all(torch.equal(one.tensors[name], other.tensors[name]) for name in before)
    assert any(not torch.equal(one.tensors[name], before[name]) for name in before)


def order_of(spec: RunSpec, epoch: int, count: int) -> np.ndarray:
    """Return the data order of an epoch, from the seed and the epoch alone."""
    return np.random.default_rng([spec.training.seed, epoch]).permutation(count)


def reference_sgd(spec: RunSpec) -> dict[str, torch.Tensor]:
    """Return the weights after SGD with momentum, b ← μ b + (∇f + λθ), θ ← θ - η b, without incomplete mini-batches."""
    data, training = load_data(spec.data), spec.training
    module = build_network(spec, data).train()
    x, y = torch.tensor(data.train.inputs(), dtype=torch.float32), torch.tensor(data.train.targets)
    size = len(y) if training.optimizer == "gradient-descent" else training.batch_size
    moved = {name: torch.zeros_like(p) for name, p in module.named_parameters()}
    for step in range(training.steps):
        epoch, place = divmod(step, len(y) // size)
        chosen = np.arange(len(y)) if size == len(y) else order_of(spec, epoch, len(y))[place * size :][:size]
        module.zero_grad()
        nn.functional.cross_entropy(module(x[chosen]), y[chosen]).backward()
        with torch.no_grad():
            for name, p in module.named_parameters():
                moved[name] = training.momentum * moved[name] + p.grad + training.weight_decay * p
                p -= training.learning_rate * moved[name]
    return module.state_dict()


@pytest.mark.parametrize("optimizer", ["sgd", "gradient-descent"])
@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
@pytest.mark.parametrize(("momentum", "weight_decay"), [(0.0, 0.0), (0.9, 0.0), (0.5, 0.1)])
def test_steps_match_reference_optimizer(optimizer: str, norm: str, momentum: float, weight_decay: float) -> None:
    spec = small_run(norm, optimizer=optimizer, momentum=momentum, weight_decay=weight_decay, steps=8)
    expected, found = reference_sgd(spec), train(spec).module().state_dict()
    assert expected.keys() == found.keys()
    for name in expected:  # includes the buffers of running averages
        assert torch.allclose(found[name], expected[name], rtol=1e-4, atol=1e-6), name


def test_full_batch_sgd_equals_gradient_descent() -> None:
    assert bits(train(small_run(batch_size=100)))[0] == bits(train(small_run(optimizer="gradient-descent")))[0]


@pytest.mark.parametrize("norm", ["none", "layer"])
def test_compared_runs_share_initial_weights_and_data_order_d4(norm: str) -> None:
    one, other = (train(small_run(kind, steps=0)).checkpoints[0].tensors for kind in (norm, "batch"))
    shared = [name for name in one if name in other and "linear" in name]
    assert len(shared) == 6
    assert all(np.array_equal(one[name], other[name]) for name in shared)


def test_seed_changes_weights_and_data_order() -> None:
    runs = [bits(train(small_run(seed=seed, steps=3)))[0] for seed in (0, 0, 1)]
    assert runs[0] == runs[1] != runs[2]


def test_checkpoints_are_saved_at_requested_steps() -> None:
    spec = small_run(checkpoints=(3, 11))
    run = train(spec)
    assert [c.step for c in run.checkpoints] == [0, 3, 11, 20]
    for step in (3, 11):  # equal to the weights of a run that ends at that step
        short = train(replace(spec, training=replace(spec.training, steps=step, checkpoints=())))
        saved = next(c for c in run.checkpoints if c.step == step)
        assert all(np.array_equal(saved.tensors[name], short.checkpoints[-1].tensors[name]) for name in saved.tensors)


def test_missing_checkpoint_raises_with_available_steps() -> None:
    run = train(small_run(checkpoints=(3,)))
    with pytest.raises(ValueError, match=r"step 4.*0, 3, 20"):
        measure_surface(run, grid(checkpoint=4))
    expected = run.module(3).state_dict()["layer1.linear.weight"].numpy().ravel().astype(np.float64)
    theta = measure_surface(run, grid(checkpoint=3)).plane.theta
    assert np.array_equal(theta[: len(expected)], expected)  # layer1.linear.weight is the first parameter


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_history_matches_evaluation_with_running_averages_a12(norm: str) -> None:
    run = train(small_run(norm))
    data = load_data(run.spec.data)
    for checkpoint in run.checkpoints:
        module, found = run.module(checkpoint.step).eval(), run.history.at(checkpoint.step)
        for split in ("train", "held-out"):
            samples = data.split(split)
            x, y = (torch.tensor(np.array(part)) for part in (samples.inputs(), samples.targets))
            outputs = module.double()(x).detach()
            name = split.replace("-", "_")
            loss = nn.functional.cross_entropy(outputs, y).item()
            assert getattr(found, f"{name}_loss") == pytest.approx(loss, rel=1e-5)
            share = (outputs.argmax(1) == y).double().mean().item()
            assert getattr(found, f"{name}_accuracy") == share
    assert set(run.spec.checkpoint_steps) <= set(run.history.step.tolist())


def test_unrecorded_step_raises() -> None:
    with pytest.raises(ValueError, match=r"step 21.*20"):
        train(small_run()).history.at(21)


def test_history_follows_the_plan_of_records() -> None:
    run = train(small_run("none", steps=120, checkpoints=(7,)))
    assert {0, 7, 120} < set(run.history.step.tolist())
    assert set(run.history.samples[:-1].tolist()) == {PASS_SAMPLES}
    assert run.history.at(7).samples == PASS_SAMPLES < run.history.at(120).samples


def test_training_lowers_loss_and_updates_running_averages() -> None:
    run = train(small_run("batch", data={"name": "moons", "size": 200}, steps=60))
    assert run.history.at(0).train_accuracy < 0.8 < 0.85 < run.history.at(60).train_accuracy
    last = run.module().state_dict()
    assert int(last["layer1.norm.num_batches_tracked"]) == 60
    assert last["layer1.norm.running_mean"].any()


@pytest.mark.parametrize("scaling", ["raw", "standardized"])
def test_diverged_run_keeps_earlier_checkpoints_and_history_5(scaling: str) -> None:
    run = train(small_run("none", data={"scaling": scaling}, learning_rate=1e6, steps=40, checkpoints=(1, 30)))
    assert run.diverged_at is not None
    assert 1 < run.diverged_at < 30
    assert [c.step for c in run.checkpoints] == [0, 1]
    assert all(np.isfinite(array).all() for c in run.checkpoints for array in c.tensors.values())
    assert run.history.step[-1] == run.diverged_at
    with pytest.raises(ValueError, match=rf"step 40.*0, 1.*diverged at step {run.diverged_at}"):
        measure_surface(run, grid(checkpoint=40))
    assert np.isfinite(measure_surface(run, grid(checkpoint=0)).loss).all()


def test_diverged_state_does_not_advance() -> None:
    state = start(small_run("none", learning_rate=1e6))
    state = advance(state, 20)
    assert state.finished
    assert state.diverged_at == state.step < 20
    assert bits(run_of(advance(state, 20))) == bits(run_of(state))


def test_training_stops_between_steps_and_resumes() -> None:
    spec, polls = small_run("batch"), []
    state = advance(start(spec), 20, lambda: len(polls) == 5 or polls.append(0))
    assert state.step == 5
    assert bits(run_of(advance(state, 15))) == bits(train(spec))
    assert [c.step for c in train(spec, stop=lambda: True).checkpoints] == [0]


def test_progress_reports_all_steps() -> None:
    seen: list[tuple[int, int]] = []
    train(small_run(steps=50), on_progress=lambda *counts: seen.append(counts))
    assert seen == [(0, 50), (20, 50), (40, 50), (50, 50)]


@pytest.mark.parametrize("ending", ["stopped", "diverged"])
def test_progress_reports_only_completed_steps(ending: str) -> None:
    seen: list[tuple[int, int]] = []
    spec = small_run("none", learning_rate=1e6 if ending == "diverged" else 0.1)
    run = train(spec, on_progress=lambda *counts: seen.append(counts), stop=lambda: ending == "stopped")
    assert seen[-1] == (run.history.step[-1], 20)


def test_run_without_steps_has_initial_weights() -> None:
    run = train(small_run(steps=0))
    assert [c.step for c in run.checkpoints] == [0]
    assert run.history.step.tolist() == [0]
    fresh = build_network(run.spec, load_data(run.spec.data)).state_dict()
    assert all(np.array_equal(fresh[name].numpy(), run.checkpoints[0].tensors[name]) for name in fresh)


def test_adam_matches_kingma_and_ba_algorithm_1() -> None:
    spec = small_run("none", optimizer="adam", learning_rate=0.01, momentum=0.8, weight_decay=0.03, steps=7)
    run = train(replace(spec, training=replace(spec.training, batch_size=100)))  # full batch
    objective = objective_of(replace(run, checkpoints=run.checkpoints[:1]), EvaluationSpec(precision="float64"))
    theta = objective.theta.clone()
    m, v = torch.zeros_like(theta), torch.zeros_like(theta)
    for t in range(1, 8):
        g = objective.gradient(theta) + 0.03 * theta
        m, v = 0.8 * m + 0.2 * g, 0.999 * v + 0.001 * g**2
        theta = theta - 0.01 * (m / (1 - 0.8**t)) / ((v / (1 - 0.999**t)).sqrt() + 1e-8)
    last = objective_of(run, EvaluationSpec(precision="float64")).theta
    assert torch.allclose(last, theta, atol=1e-5)
    assert not torch.allclose(last, objective.theta, atol=1e-2)


@pytest.mark.parametrize("threads", [1, 2])
def test_equal_threads_give_equal_bits(threads: int) -> None:
    training = TrainingSpec(steps=4, batch_size=32, recorded_samples=8)
    spec = RunSpec(DataSpec(size=100), ModelSpec("residual", depth=8, width=8, norm="batch"), training)
    with use_threads(threads):
        state = advance(advance(start(spec), 2), 2)
        assert bits(run_of(state)) == bits(train(spec))
