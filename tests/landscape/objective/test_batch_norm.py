"""Batch norm is that of float64, also where torch's sums with the channels last are not."""

import pytest
import torch
from torch import Tensor, nn

from normscape.landscape.memory_format import laid_out
from normscape.landscape.objective.engine.exact_batch_norm import exact_moments, use_exact_batch_norm


def activations(samples: int, channels: int, side: int) -> Tensor:
    x = torch.randn(samples, channels, side, side, generator=torch.Generator().manual_seed(0)) + 3
    return laid_out(x, torch.channels_last)


@pytest.mark.parametrize("shape", [(300, 16, 32), (7, 3, 5), (1, 4, 64), (5000, 2, 1), (2, 5000, 2)])
def test_moments_are_those_of_float64(shape: tuple[int, int, int]) -> None:
    x = activations(*shape)
    mean, variance = exact_moments(x)
    exact_variance, exact_mean = torch.var_mean(x.double(), (0, 2, 3), correction=0)
    assert torch.allclose(mean.double(), exact_mean, rtol=3e-7, atol=0)
    assert torch.allclose(variance.double(), exact_variance, rtol=1e-6, atol=0)


def test_torch_itself_is_less_exact() -> None:
    """The reason for the groups; if torch becomes exact, they can go."""
    x = activations(300, 16, 32)
    exact = x.double().var((0, 2, 3), correction=0)
    _, variance = torch.batch_norm_update_stats(x, None, None, 0.0)
    assert float((variance / exact - 1).abs().max()) > 2e-5


@pytest.mark.parametrize("affine", [True, False])
def test_output_and_gradients_are_those_of_torch_in_float64(affine: bool) -> None:
    def measure(layer: nn.BatchNorm2d, x: Tensor) -> list[Tensor]:
        x = x.detach().requires_grad_()
        y = layer(x)
        weights = torch.linspace(-1, 2, y[0].numel(), dtype=torch.float64).view(y[0].shape).to(x)
        loss = (y.sin() * weights).sum()
        return [y.detach(), *torch.autograd.grad(loss, [x, *layer.parameters()])]

    layer = nn.BatchNorm2d(6, affine=affine, track_running_stats=False)
    if affine:
        nn.init.uniform_(layer.weight, 0.5, 2.0)
        nn.init.uniform_(layer.bias)
    x = activations(50, 6, 9)
    network = nn.Sequential(layer)
    use_exact_batch_norm(network)
    found = measure(layer, x)
    assert found[0].is_contiguous(memory_format=torch.channels_last)
    double = nn.BatchNorm2d(6, affine=affine, track_running_stats=False).double()
    double.load_state_dict(layer.state_dict())
    for value, exact in zip(found, measure(double, x.double()), strict=True):
        assert torch.allclose(value.double(), exact, rtol=1e-5, atol=3e-6 * float(exact.abs().max()))


def test_layers_with_running_averages_are_left_alone() -> None:
    network = nn.Sequential(nn.BatchNorm2d(3))
    use_exact_batch_norm(network)
    assert "forward" not in vars(network[0])
