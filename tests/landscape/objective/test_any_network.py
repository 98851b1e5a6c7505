"""Networks that people bring: copies, wrappers, precision, and derivatives against finite differences (D0)."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import prune
from torch.utils.checkpoint import checkpoint

from normscape.landscape import measure_surface
from normscape.landscape.objective.curvature.second_derivatives import NoSecondDerivativeError
from normscape.landscape.objective.curvature.sharpness import measure_scale_free_sharpness, measure_sharpness
from normscape.landscape.objective.layers import layers_of
from normscape.landscape.objective.objective import Objective
from normscape.landscape.plane.plane import filter_norms, random_plane
from normscape.specs import GridSpec, PlaneSpec, SurfaceSpec

X = torch.randn(12, 5, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
Y = torch.randint(0, 3, (12,), generator=torch.Generator().manual_seed(1))


class Pooled(nn.Module):
    """The mean over positions of what a layer returns, and a classifier."""

    def __init__(self, layer: nn.Module, call: Callable[[nn.Module, Tensor], Any] | None = None) -> None:
        super().__init__()
        self.layer, self.out, self.call = layer, nn.Linear(8, 3), call or (lambda layer, x: layer(x))

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.call(self.layer, x).mean(1))


class Sine(torch.autograd.Function):
    """sin x, without a form for torch.func."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sin()

    @staticmethod
    def backward(ctx, slope):
        return slope * ctx.saved_tensors[0].cos()


class Once(torch.autograd.Function):
    """sin x, with a derivative that cannot be differentiated."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sin()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, slope):
        return slope * ctx.saved_tensors[0].cos()


def attention(layer: nn.Module, x: Tensor) -> Tensor:
    return nn.functional.scaled_dot_product_attention(*layer(x).chunk(3, -1), is_causal=True)


def hooked() -> nn.Module:
    layer = nn.Linear(8, 8)
    layer.register_full_backward_hook(lambda *_: None)
    return Pooled(layer, lambda layer, x: layer(x).tanh())


def pruned() -> nn.Module:
    layer = nn.Linear(8, 8)
    prune.l1_unstructured(layer, "weight", amount=0.5)
    return Pooled(layer, lambda layer, x: layer(x).tanh())


def old(norm: Callable[[nn.Module], nn.Module]) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Pooled(norm(nn.Linear(8, 8)), lambda layer, x: layer(x).tanh())


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "encoder layer": lambda: Pooled(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)),
    "multi-head attention": lambda: Pooled(nn.MultiheadAttention(8, 2, batch_first=True), lambda a, x: a(x, x, x)[0]),
    "scaled dot product": lambda: Pooled(nn.Linear(8, 24), attention),
    "checkpoint": lambda: Pooled(
        nn.Sequential(nn.Linear(8, 8), nn.Tanh()), lambda layer, x: checkpoint(layer, x, use_reentrant=False)
    ),
    "autograd function": lambda: Pooled(nn.Linear(8, 8), lambda layer, x: Sine.apply(layer(x))),
    "backward hook": hooked,
    "pruned": pruned,
    "LSTM": lambda: Pooled(nn.LSTM(8, 8, batch_first=True), lambda layer, x: layer(x)[0]),
    "GRU": lambda: Pooled(nn.GRU(8, 8, batch_first=True), lambda layer, x: layer(x)[0]),
    "weight norm": lambda: old(nn.utils.parametrizations.weight_norm),
    "old weight norm": lambda: old(nn.utils.weight_norm),
    "spectral norm": lambda: old(nn.utils.parametrizations.spectral_norm),
    "old spectral norm": lambda: old(nn.utils.spectral_norm),
}


def made(name: str) -> nn.Module:
    torch.manual_seed(2)
    return NETWORKS[name]().double()


def unit(objective: Objective) -> Tensor:
    v = objective.layout.only_moving(torch.randn(len(objective.theta), dtype=torch.float64))
    return v / v.norm()


@pytest.mark.parametrize("micro_batch", [None, 5])
@pytest.mark.parametrize("name", NETWORKS)
def test_gradient_and_hessian_are_derivatives_d0(name: str, micro_batch: int | None) -> None:
    module = made(name)
    objective = Objective(module, X, Y, micro_batch=micro_batch)
    theta, v = objective.theta, unit(objective)
    with torch.no_grad():
        assert objective.loss(theta).item() == pytest.approx(
            nn.functional.cross_entropy(module.eval()(X), Y).item(), rel=1e-12
        )
    step = 1e-5
    slope = (objective.loss(theta + step * v) - objective.loss(theta - step * v)) / (2 * step)
    assert (objective.gradient(theta) @ v).item() == pytest.approx(slope.item(), rel=1e-5, abs=1e-8)
    product = objective.hvp(theta, v)
    difference = (objective.gradient(theta + step * v) - objective.gradient(theta - step * v)) / (2 * step)
    assert (product - difference).norm() <= 1e-6 * product.norm()
    twice = objective.hvp(theta, product)
    assert abs(product @ product - v @ twice) <= 1e-10 * product.norm()
    away = theta + 0.1 * v  # a checkpoint computes its layers again with these parameters
    difference = (objective.gradient(away + step * v) - objective.gradient(away - step * v)) / (2 * step)
    product = objective.hvp(away, v)
    assert (product - difference).norm() <= 1e-6 * product.norm()


class Coupled(nn.Module):
    """A network behind batch norm, whose population statistics couple all samples."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.norm, self.network = nn.BatchNorm1d(8), network

    def forward(self, x: Tensor) -> Tensor:
        return self.network(self.norm(x.transpose(1, 2)).transpose(1, 2))


@pytest.mark.parametrize("name", NETWORKS)
def test_tiles_of_population_statistics_give_what_one_pass_gives_d0_d1(name: str) -> None:
    module = Coupled(made(name)).double()
    one_pass, tiles = Objective(module, X, Y), Objective(module, X, Y, micro_batch=5)
    theta, v = one_pass.theta, unit(one_pass)
    assert tiles.loss(theta).item() == pytest.approx(one_pass.loss(theta).item(), rel=1e-12)
    assert (tiles.gradient(theta) - one_pass.gradient(theta)).norm() <= 1e-12 * one_pass.gradient(theta).norm()
    for point in (theta, theta + 0.1 * v):
        product = one_pass.hvp(point, v)
        assert (tiles.hvp(point, v) - product).norm() <= 1e-10 * product.norm()


def test_without_a_second_derivative_the_surface_remains_d0() -> None:
    torch.manual_seed(0)
    objective = Objective(Pooled(nn.Linear(8, 8), lambda layer, x: Once.apply(layer(x))).double(), X, Y)
    assert torch.isfinite(objective.gradient(objective.theta)).all()
    with pytest.raises(NoSecondDerivativeError, match="its loss surface can be measured"):
        objective.hvp(objective.theta, objective.theta)


def test_a_network_is_not_changed_by_a_copy() -> None:
    module = made("old weight norm")
    before = {name: value.clone() for name, value in module.state_dict().items()}
    Objective(module, X, Y).gradient(np.zeros(sum(p.numel() for p in module.parameters())))
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert module.layer.weight.requires_grad  # as the last forward pass left it


@pytest.mark.parametrize(
    "wrap",
    [
        nn.DataParallel,
        torch.compile,
        lambda net: nn.DataParallel(torch.compile(net)),
        lambda net: nn.Sequential(torch.compile(net)),
    ],
)
def test_wrappers_change_no_direction_and_no_name_d4(wrap: Callable[[nn.Module], nn.Module]) -> None:
    plain = made("GRU")
    one, other = Objective(plain, X, Y), Objective(wrap(plain), X, Y)
    names = [name.removeprefix("0.") for name in other.layout.names]
    assert names == list(one.layout.names)
    assert other.loss(other.theta) == one.loss(one.theta)
    if list(other.layout.names) == names:
        first, second = (random_plane(each.theta, each.layout, PlaneSpec()) for each in (one, other))
        assert np.array_equal(first.d1, second.d1)


@pytest.mark.parametrize("norm", [nn.utils.parametrizations.weight_norm, nn.utils.weight_norm])
def test_a_normalized_weight_gets_the_draw_of_the_plain_one_and_its_lengths_stay_d3(norm) -> None:
    plain, normalized = nn.Linear(8, 3).double(), old(norm).double()
    plain = Pooled(nn.Linear(8, 8)).double()
    planes = {}
    for network in (plain, normalized):
        objective = Objective(network, X, Y)
        spec = PlaneSpec(scaling="none", orthogonal=False)
        values = objective.layout.unflatten(torch.tensor(random_plane(objective.theta, objective.layout, spec).d1))
        planes[network] = dict(zip(objective.layout.plain_names, values.values(), strict=True))
        scaled = torch.tensor(random_plane(objective.theta, objective.layout, PlaneSpec()).d1)
        for name, position, filters in objective.layout.blocks():
            assert filters.present == (name.endswith(("weight", "original1", "_v"))), name
            assert filters.present or not scaled[position].any(), name
    assert torch.equal(planes[plain]["layer.weight"], planes[normalized]["layer.weight"])


def test_a_parametrized_transposed_convolution_is_scaled_by_output_channel_d3() -> None:
    layer = nn.utils.parametrizations.weight_norm(nn.ConvTranspose2d(4, 6, 3, groups=2))
    layout = Objective(layer.double(), torch.rand(2, 4, 5, 5), torch.rand(2, 6, 7, 7), loss="squared-error").layout
    theta = torch.cat([p.detach().flatten() for p in layer.parameters()])
    norms = filter_norms(theta, layout)["parametrizations.weight.original1"]
    weight = layer.parametrizations.weight.original1.detach()
    expected = [weight[group * 2 : group * 2 + 2, c].norm() for group in range(2) for c in range(3)]
    assert torch.allclose(norms, torch.stack(expected))
    assert list(layers_of(layout)) == ["bias", "parametrizations.weight.original0", "parametrizations.weight.original1"]


def test_each_learned_position_is_a_filter_d3() -> None:
    class Positions(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.positions, self.out = nn.Parameter(torch.rand(1, 5, 8)), nn.Linear(8, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.out((x + self.positions).mean(1))

    module = Positions().double()
    objective = Objective(module, X, Y)
    norms = filter_norms(objective.theta, objective.layout)["positions"]
    assert torch.allclose(norms, module.positions.detach()[0].norm(dim=1))


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("scaling", ["filter", "layer", "unit", "none"])
def test_the_vector_of_a_padding_index_does_not_move_d0(scaling: str, tied: bool) -> None:
    class Language(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.out = nn.Embedding(9, 6, padding_idx=2), nn.Linear(6, 9, bias=False)
            nn.init.normal_(self.embedding.weight)  # the padding vector too, so that f depends on it
            if tied:
                self.out.weight = self.embedding.weight

        def forward(self, x: Tensor) -> Tensor:
            return self.out(self.embedding(x).tanh())

    torch.manual_seed(0)
    module, tokens, targets = Language().double(), torch.randint(0, 9, (7, 5)), torch.randint(0, 9, (7, 5))
    tokens[0] = 2
    objective = Objective(module, tokens, targets)
    plane = random_plane(objective.theta, objective.layout, PlaneSpec(scaling=scaling))
    direction = torch.tensor(plane.d1)
    moved = direction[: 9 * 6].view(9, 6)
    assert not moved[2].any()
    assert moved[[0, 1, 3, 4, 5, 6, 7, 8]].all()
    theta, step = objective.theta, 1e-5
    slope = (objective.loss(theta + step * direction) - objective.loss(theta - step * direction)) / (2 * step)
    assert (objective.gradient(theta) @ direction).item() == pytest.approx(slope.item(), rel=1e-6)
    v = unit(objective)
    product = objective.hvp(theta, v)
    assert abs(product @ product - v @ objective.hvp(theta, product)) <= 1e-12 * product.norm()
    hessian = torch.stack([objective.hvp(theta, e) for e in torch.eye(len(theta), dtype=torch.float64)])
    assert measure_sharpness(objective).value == pytest.approx(torch.linalg.eigvalsh(hessian)[-1].item(), rel=1e-3)
    assert measure_scale_free_sharpness(objective).value > 0


def test_pruned_values_do_not_move_and_count_for_no_norm_d3() -> None:
    module = made("pruned")
    objective = Objective(module, X, Y)
    mask = module.layer.weight_mask
    direction = objective.layout.unflatten(
        torch.tensor(random_plane(objective.theta, objective.layout, PlaneSpec(orthogonal=False)).d1)
    )
    moved = direction["layer.weight_orig"]
    assert torch.equal(moved != 0, mask != 0)
    assert torch.allclose(moved.norm(dim=1), (module.layer.weight_orig * mask).detach().norm(dim=1))


def test_parallel_directions_are_refused_d2() -> None:
    module = nn.Sequential(nn.Linear(1, 1, bias=False)).double()
    objective = Objective(module, torch.rand(4, 1), torch.rand(4, 1), loss="squared-error")
    with pytest.raises(ValueError, match="parallel"):
        random_plane(objective.theta, objective.layout, PlaneSpec(orthogonal=True))
    assert abs(random_plane(objective.theta, objective.layout, PlaneSpec(orthogonal=False)).cosine) == pytest.approx(1)


def test_inputs_that_a_network_overwrites_stay_the_same_d0() -> None:
    class Overwrites(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.out = nn.Linear(8, 3)

        def forward(self, x: Tensor) -> Tensor:
            x.mul_(1.1)
            return self.out(x.mean(1))

    for dtype in (torch.float32, torch.float64):
        module, own = Overwrites().to(dtype), X.to(dtype)
        objective = Objective(module, own, Y)
        (loss,) = {objective.loss(objective.theta).item() for _ in range(3)}
        expected = nn.functional.cross_entropy(module(own.clone()), Y).item()
        assert loss == pytest.approx(expected, rel=1e-6)
        assert objective.evaluate(objective.theta).loss == pytest.approx(expected, rel=1e-6)
        objective.hvp(objective.theta, objective.theta)
        assert objective.loss(objective.theta).item() == loss
        assert torch.equal(own, X.to(dtype))


@pytest.mark.parametrize("kind", ["bfloat16", "float16", "mixed"])
def test_low_and_mixed_precision_are_evaluated_as_they_are(kind: str) -> None:
    class Mixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.norm, self.out = nn.Conv2d(2, 4, 3), nn.LayerNorm(4), nn.Linear(4, 3)

        def forward(self, x: Tensor) -> Tensor:
            mean = self.first(x).relu().mean((2, 3))
            return self.out(self.norm(mean.to(self.norm.weight.dtype)).to(self.out.weight.dtype))

    torch.manual_seed(0)
    module = Mixed().to(torch.bfloat16 if kind == "mixed" else getattr(torch, kind))
    if kind == "mixed":
        module.norm.float()
    x, y = torch.rand(6, 2, 8, 8), torch.randint(0, 3, (6,))
    objective = Objective(module, x, y)
    surface = measure_surface(objective, SurfaceSpec(grid=GridSpec(points=(3, 3))))
    assert surface.spec.evaluation.precision == kind
    assert objective.theta.dtype == (torch.float32 if kind == "mixed" else getattr(torch, kind))
    with torch.no_grad():
        expected = (
            nn.functional.cross_entropy(module(x.to(module.first.weight.dtype)), y, reduction="none").double().mean()
        )
    assert objective.loss(objective.theta).item() == pytest.approx(expected.item(), rel=1e-2)
    nn.functional.cross_entropy(module(x.to(module.first.weight.dtype)), y).backward()
    slope = torch.cat([p.grad.double().flatten() for p in module.parameters()])
    assert torch.nn.functional.cosine_similarity(objective.gradient(objective.theta).double(), slope, dim=0) > 0.99


def test_a_weight_that_is_not_finite_is_named_d0() -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(40, 3))
    nn.init.constant_(module[1].bias, float("nan"))
    with pytest.raises(ValueError, match=r"the parameter 1\.bias holds a value that is not finite"):
        Objective(module, X, Y)


def test_a_sample_that_is_not_finite_is_named_d0() -> None:
    spoiled = X.clone()
    spoiled[7, 0, 0] = float("inf")
    with pytest.raises(ValueError, match="sample 7 holds a value that is not finite"):
        Objective(nn.Sequential(nn.Flatten(), nn.Linear(40, 3)), spoiled, Y)
