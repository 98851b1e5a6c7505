"""The Gaussian regression: it has the moments of its spec, and its loss has closed forms."""

import numpy as np
import pytest
import torch

from normscape.landscape import load_data, measure_sharpness, measure_surface, train
from normscape.landscape.data.gaussian import covariance_of, mean_of
from normscape.landscape.objective.from_run import objective_of
from normscape.specs import DataSpec, EvaluationSpec, ModelSpec, RunSpec, TrainingSpec
from normscape.specs.data import GaussianSpec
from tests.flat import surface_spec

MATRIX = (2.0, 0.5, 0.0, 0.5, 1.0, 0.3, 0.0, 0.3, 0.5)
SHAPE = GaussianSpec(inputs=3, outputs=2, mean=(1.0, -2.0, 0.5), covariance=MATRIX)
ONE_MATRIX = ModelSpec(architecture="deep-linear", norm="none", depth=1)
UNTRAINED = TrainingSpec(steps=0)


def data(shape: GaussianSpec = SHAPE, **others) -> DataSpec:
    return DataSpec(**{"name": "gaussian", "gaussian": shape, "scaling": "raw", "size": 1000, **others})


def everything(spec: DataSpec) -> tuple[np.ndarray, np.ndarray]:
    found = load_data(spec)
    parts = [(part.inputs(), part.targets) for part in (found.train, found.held_out)]
    return tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True))


@pytest.mark.parametrize(
    ("shape", "mean", "covariance"),
    [
        (SHAPE, [1.0, -2.0, 0.5], np.reshape(MATRIX, (3, 3))),
        (GaussianSpec(inputs=2), [0.0, 0.0], np.eye(2)),
        (GaussianSpec(inputs=2, mean=(3.0,), covariance=(4.0,)), [3.0, 3.0], 4 * np.eye(2)),
        (GaussianSpec(inputs=2, covariance=(1.0, 9.0)), [0.0, 0.0], np.diag([1.0, 9.0])),
        (GaussianSpec(inputs=1, mean=(2.0,), covariance=(9.0,)), [2.0], np.array([[9.0]])),
        (GaussianSpec(inputs=2, covariance=(1.0, 1.0, 1.0, 1.0)), [0.0, 0.0], np.ones((2, 2))),
    ],
)
def test_inputs_have_the_mean_and_the_covariance_of_the_spec(shape, mean, covariance) -> None:
    assert np.array_equal(mean_of(shape), mean)
    assert np.array_equal(covariance_of(shape), covariance)
    x, _ = everything(data(shape, size=100_000))
    largest = np.abs(covariance).max()
    assert np.abs(x.mean(0) - mean).max() < 6 * np.sqrt(largest / len(x))  # six standard errors
    assert np.abs(np.cov(x.T) - covariance).max() < 6 * largest * np.sqrt(2 / len(x))


@pytest.mark.parametrize("noise", [0.0, 0.7])
def test_targets_are_a_linear_function_of_inputs_plus_noise(noise: float) -> None:
    x, y = everything(data(GaussianSpec(inputs=3, outputs=2, noise=noise), size=20_000))
    teacher, residual, *_ = np.linalg.lstsq(x, y, rcond=None)
    deviation = np.sqrt(residual / len(x)) if residual.size else np.zeros(2)
    assert deviation == pytest.approx([noise, noise], rel=0.03, abs=1e-6)
    assert teacher.shape == (3, 2)


def test_the_size_of_the_teacher_multiplies_targets_and_nothing_else() -> None:
    x, y = everything(data(GaussianSpec(inputs=50, outputs=40)))
    same, thrice = everything(data(GaussianSpec(inputs=50, outputs=40, teacher=3.0)))
    assert np.array_equal(x, same)
    assert thrice == pytest.approx(3 * y, rel=1e-12)
    assert y.var() == pytest.approx(1.0, rel=6 * np.sqrt(2 / 40))  # of the teacher's weights, six standard errors


@pytest.mark.parametrize("scaling", ["raw", "centered", "standardized"])
def test_the_hessian_of_one_matrix_is_twice_the_second_moment_for_every_output(scaling: str) -> None:
    # f = mean of Σ_k (w_k·x - y_k)², so H = 2 E[x xᵀ] for each of the K rows of W
    spec = data(scaling=scaling)
    run = train(RunSpec(spec, ONE_MATRIX, UNTRAINED))
    objective = objective_of(run, EvaluationSpec(precision="float64"))
    x = load_data(spec).train.inputs()
    moment = 2 * x.T @ x / len(x)
    hessian = np.stack([objective.hvp(objective.theta, row).numpy() for row in torch.eye(6, dtype=torch.float64)])
    assert np.allclose(hessian, np.kron(np.eye(2), moment), rtol=1e-10, atol=1e-12)
    assert measure_sharpness(objective).value == pytest.approx(np.linalg.eigvalsh(moment)[-1], rel=1e-6)


def test_the_loss_surface_of_one_matrix_is_the_quadratic_of_its_moments() -> None:
    spec = data()
    run = train(RunSpec(spec, ONE_MATRIX, UNTRAINED))
    surface = measure_surface(run, surface_spec(points_alpha=5, points_beta=5, precision="float64"))
    part = load_data(spec).train
    x, y = part.inputs(), part.targets
    for i, beta in enumerate(surface.beta):
        for j, alpha in enumerate(surface.alpha):
            w = surface.plane.point(alpha, beta).reshape(2, 3)
            assert surface.loss[i, j] == pytest.approx(np.square(x @ w.T - y).sum(1).mean(), rel=1e-12)


def test_accuracy_is_absent_not_zero() -> None:
    run = train(RunSpec(data(), ONE_MATRIX, TrainingSpec(steps=2)))
    assert measure_surface(run, surface_spec(points_alpha=3, points_beta=1)).accuracy is None
    assert np.isnan(run.history.train_accuracy).all()
    assert np.isfinite(run.history.train_loss).all()


def test_gradient_descent_contracts_by_the_closed_form() -> None:
    # (W_t - W*) = (W_0 - W*) (I - 2η E[x xᵀ])^t
    spec, steps, rate = data(), 20, 0.05
    run = train(
        RunSpec(
            spec,
            ONE_MATRIX,
            TrainingSpec(optimizer="gradient-descent", learning_rate=rate, momentum=0.0, steps=steps),
        )
    )
    part = load_data(spec).train
    x, y = part.inputs(), part.targets
    best = np.linalg.lstsq(x, y, rcond=None)[0].T
    begin, end = (run.module(step).layer1.linear.weight.detach().double().numpy() for step in (0, steps))
    shrink = np.linalg.matrix_power(np.eye(3) - 2 * rate * x.T @ x / len(x), steps)
    assert np.allclose(end - best, (begin - best) @ shrink, atol=2e-6)


@pytest.mark.parametrize(
    ("covariance", "words"),
    [((1.0, 2.0, 0.0, 1.0), "not symmetric"), ((1.0, 2.0, 2.0, 1.0), "eigenvalue -1"), ((-1.0,), "eigenvalue -1")],
)
def test_an_invalid_covariance_is_rejected(covariance: tuple[float, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        load_data(data(GaussianSpec(inputs=2, covariance=covariance))).split("train")


@pytest.mark.parametrize(("name", "numbers"), [("mean", (1.0, 2.0)), ("covariance", (1.0, 2.0, 3.0, 4.0))])
def test_wrong_lengths_are_rejected(name: str, numbers: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=rf"{name} has {len(numbers)} numbers for 3 inputs"):
        GaussianSpec(inputs=3, **{name: numbers})
