"""Each normalization against its formula, torch's own layer, or the composition of its two halves (A7, A8, A12)."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from normscape.models import NORMALIZATIONS
from normscape.models.normalizations import MAX_GROUPS, group_count
from normscape.models.normalizations.center_scale import Center, Scale
from normscape.models.normalizations.weight import normalize_weight

SHAPES = {0: (40, 6), 1: (40, 6, 5), 2: (40, 6, 3, 4)}


def inputs(positions: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    shape = SHAPES[positions]
    along = (1, 6, *[1] * positions)
    return torch.randn(shape, generator=generator, dtype=torch.float64) * 3 + torch.arange(6.0).view(along)


def layer(name: str, positions: int, *, affine: bool = False) -> nn.Module:
    return NORMALIZATIONS[name].layer(6, affine=affine, positions=positions).double()


def by_hand(x: Tensor, axes: list[int], *, center: bool = True, scale: bool = True) -> Tensor:
    mean = x.mean(axes, keepdim=True)
    variance = (x - mean).square().mean(axes, keepdim=True)
    y = x - mean if center else x
    return y / (variance + 1e-5).sqrt() if scale else y


@pytest.mark.parametrize("positions", SHAPES)
def test_statistics_are_over_the_axes_of_the_definition(positions: int) -> None:
    x = inputs(positions)
    spatial = list(range(2, x.ndim))
    assert torch.allclose(layer("batch", positions)(x), by_hand(x, [0, *spatial]), atol=1e-10)
    assert torch.allclose(layer("center", positions)(x), by_hand(x, [0, *spatial], scale=False), atol=1e-12)
    assert torch.allclose(layer("scale", positions)(x), by_hand(x, [0, *spatial], center=False), atol=1e-10)
    assert torch.allclose(layer("layer", positions)(x), by_hand(x, [1, *spatial]), atol=1e-10)
    if positions:
        assert torch.allclose(layer("instance", positions)(x), by_hand(x, spatial), atol=1e-10)
    grouped = x.unflatten(1, (3, 2))
    assert torch.allclose(layer("group", positions)(x), by_hand(grouped, [2, *[a + 1 for a in spatial]]).view(x.shape))
    rms = x / (x.square().mean([1, *spatial], keepdim=True) + 1e-5).sqrt()
    assert torch.allclose(layer("rms", positions)(x), rms, atol=1e-12)


def test_rms_norm_of_vectors_is_torch_s() -> None:
    x = inputs(0)
    assert torch.allclose(layer("rms", 0)(x), nn.RMSNorm(6, eps=1e-5, elementwise_affine=False)(x), atol=1e-12)


@pytest.mark.parametrize("positions", SHAPES)
@pytest.mark.parametrize("training", [True, False])
def test_center_then_scale_is_batch_norm_a7_a8(positions: int, training: bool) -> None:
    whole, center, scale = (layer(name, positions) for name in ("batch", "center", "scale"))
    for seed in range(4):
        x = inputs(positions, seed)
        together, halves = whole(x), scale(center(x))
        assert torch.allclose(together, halves, atol=1e-10)
    for module in (whole, center, scale):
        module.eval()
    x = inputs(positions, 9)
    assert torch.allclose(whole(x), scale(center(x) + 0 * x), atol=1e-10)


@pytest.mark.parametrize("half", [Center, Scale])
@pytest.mark.parametrize("positions", SHAPES)
def test_running_averages_of_the_halves_are_those_of_batch_norm_a12(half: type, positions: int) -> None:
    whole, part = layer("batch", positions), half(6, affine=True).double()
    for seed in range(5):
        whole(inputs(positions, seed))
        part(inputs(positions, seed))
    for name in ("running_mean", "running_var", "num_batches_tracked"):
        assert torch.allclose(getattr(whole, name), getattr(part, name), rtol=1e-12)
    before = part.running_mean.clone()
    part.eval()(inputs(positions))
    assert torch.equal(before, part.running_mean)


@pytest.mark.parametrize("half", [Center, Scale])
def test_derivatives_of_the_halves_are_those_of_finite_differences(half: type) -> None:
    part = half(6, affine=True).double()
    with torch.no_grad():
        part.weight.copy_(torch.linspace(0.5, 2, 6))
        part.bias.copy_(torch.linspace(-1, 1, 6))
    x = inputs(0)[:7].requires_grad_()
    part.track_running_stats, part.running_mean, part.running_var = False, None, None
    assert torch.autograd.gradcheck(part, (x,))
    assert torch.autograd.gradgradcheck(part, (x,))


@pytest.mark.parametrize("half", [Center, Scale])
def test_one_value_per_channel_has_no_statistics(half: type) -> None:
    with pytest.raises(ValueError, match="one value per channel"):
        half(6, affine=False)(torch.zeros(1, 6))


@pytest.mark.parametrize("name", ["batch", "layer", "group", "instance", "rms", "center", "scale"])
@pytest.mark.parametrize("positions", [1, 2])
def test_affine_is_a_scale_and_a_shift_per_channel_a10(name: str, positions: int) -> None:
    bare, learned = layer(name, positions), layer(name, positions, affine=True)
    weight, bias = torch.linspace(0.5, 2, 6).double(), torch.linspace(-1, 1, 6).double()
    with torch.no_grad():
        learned.weight.copy_(weight)
        learned.bias.copy_(bias)
    x, along = inputs(positions), (1, 6, *[1] * positions)
    assert torch.allclose(learned(x), bare(x) * weight.view(along) + bias.view(along), atol=1e-10)


@pytest.mark.parametrize("make", [lambda: nn.Linear(5, 4), lambda: nn.Conv2d(3, 4, 3)])
def test_weight_norm_is_torch_s_with_lengths_of_one_axis(make) -> None:
    torch.manual_seed(0)
    mine, theirs = make(), make()
    theirs.load_state_dict(mine.state_dict())
    normalize_weight(mine, affine=True)
    weight_norm(theirs)
    g, v = mine.parametrizations.weight.original0, mine.parametrizations.weight.original1
    assert g.shape == (4,)
    with torch.no_grad():
        for length, direction in ((g, v), (theirs.parametrizations.weight.original0,) * 2):
            length.copy_(torch.linspace(0.5, 2, 4).view(length.shape))
            del direction
        v.mul_(7)
        theirs.parametrizations.weight.original1.mul_(7)
    assert torch.allclose(mine.weight, theirs.weight, rtol=1e-6)
    assert torch.allclose(mine.weight.flatten(1).norm(dim=1), torch.linspace(0.5, 2, 4), rtol=1e-6)


def test_weight_norm_without_affine_keeps_its_lengths() -> None:
    layer = normalize_weight(nn.Linear(5, 4), affine=False)
    assert [name for name, p in layer.named_parameters() if p.requires_grad] == [
        "bias",
        "parametrizations.weight.original1",
    ]


@pytest.mark.parametrize("channels", range(1, 70))
def test_groups_divide_the_channels_into_at_least_two_each(channels: int) -> None:
    groups = group_count(channels)
    assert channels % groups == 0
    assert groups <= MAX_GROUPS
    assert groups == 1 or channels // groups >= 2
    assert all(channels % more or channels // more < 2 for more in range(groups + 1, MAX_GROUPS + 1))


def test_every_normalization_has_a_description() -> None:
    assert all(entry.description.endswith(".") for entry in NORMALIZATIONS.values())
