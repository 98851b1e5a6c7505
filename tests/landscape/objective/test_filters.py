"""Filters of every layer type, against the weights that each output channel depends on (D3)."""

import pytest
import torch
from torch import nn

from normscape.landscape.objective.parameters import flatten, layout_of
from normscape.landscape.plane.plane import filter_norms, random_plane
from normscape.specs import PlaneSpec

torch.manual_seed(0)


@pytest.mark.parametrize(
    ("layer", "x"),
    [
        (nn.Linear(5, 4), torch.rand(3, 5)),
        (nn.Conv1d(4, 6, 3), torch.rand(2, 4, 8)),
        (nn.Conv2d(4, 6, 3, groups=2), torch.rand(2, 4, 8, 8)),
        (nn.Conv2d(4, 4, 3, groups=4), torch.rand(2, 4, 8, 8)),  # depthwise
        (nn.Conv3d(2, 3, 2), torch.rand(1, 2, 4, 4, 4)),
        (nn.ConvTranspose1d(4, 6, 3), torch.rand(2, 4, 8)),
        (nn.ConvTranspose2d(4, 6, 3, groups=2), torch.rand(2, 4, 8, 8)),
        (nn.ConvTranspose2d(4, 4, 3, groups=4), torch.rand(2, 4, 8, 8)),
        (nn.ConvTranspose2d(3, 5, (2, 3)), torch.rand(2, 3, 8, 8)),
        (nn.ConvTranspose3d(2, 3, 2), torch.rand(1, 2, 4, 4, 4)),
        (nn.Bilinear(3, 2, 4), (torch.rand(5, 3), torch.rand(5, 2))),
    ],
    ids=lambda value: type(value).__name__,
)
def test_filter_holds_the_weights_of_one_output_channel_d3(layer: nn.Module, x) -> None:
    layout = layout_of(nn.Sequential(layer))
    filters = layout.filters[layout.names.index("0.weight")]
    inputs = x if isinstance(x, tuple) else (x,)
    channels = layer(*inputs).unbind(1)
    rows = filters.rows(torch.arange(layer.weight.numel()))
    assert len(rows) == len(channels)
    for row, channel in zip(rows, channels, strict=True):
        (slope,) = torch.autograd.grad(channel.sum(), layer.weight, retain_graph=True)
        assert sorted(row.tolist()) == slope.flatten().nonzero().flatten().tolist()


@pytest.mark.parametrize("layer", [nn.ConvTranspose2d(4, 6, 3, groups=2), nn.Conv2d(4, 6, 3), nn.Embedding(7, 3)])
def test_flat_inverts_rows(layer: nn.Module) -> None:
    layout = layout_of(layer)
    filters = layout.filters[layout.names.index("weight")]
    flat = torch.rand(layer.weight.numel())
    assert torch.equal(filters.flat(filters.rows(flat)), flat)


def test_each_row_of_fused_attention_projection_is_a_filter_d3() -> None:
    attention = nn.MultiheadAttention(4, 2)
    layout = layout_of(attention)
    norms = filter_norms(flatten(dict(attention.named_parameters()), layout), layout)
    assert torch.allclose(norms["in_proj_weight"], attention.in_proj_weight.detach().norm(dim=1))
    assert norms["in_proj_weight"].shape == (12,)
    assert norms["out_proj.weight"].shape == (4,)
    assert "in_proj_bias" not in norms


def test_embedding_vectors_and_learned_tokens_are_filters_d3() -> None:
    module = nn.Module()
    module.words = nn.Embedding(7, 3)
    module.token = nn.Parameter(torch.rand(1, 1, 5))
    layout = layout_of(module)
    norms = filter_norms(flatten(dict(module.named_parameters()), layout), layout)
    assert norms["words.weight"].shape == (7,)
    assert norms["token"].shape == (1,)


@pytest.mark.parametrize("layer", [nn.LayerNorm((3, 4, 4)), nn.LayerNorm(4), nn.BatchNorm2d(3), nn.GroupNorm(1, 3)])
def test_normalization_parameters_have_no_filters_d3(layer: nn.Module) -> None:
    layout = layout_of(layer)
    assert not any(filters.present for filters in layout.filters)


@pytest.mark.parametrize("scaling", ["filter", "layer"])
def test_direction_norms_match_filter_norms_for_all_layer_types_d3(scaling: str) -> None:
    module = nn.Sequential(
        nn.Embedding(7, 4),
        nn.MultiheadAttention(4, 2),
        nn.ConvTranspose2d(4, 6, 3, groups=2),
        nn.Conv2d(6, 6, 3, groups=6),
        nn.LayerNorm((6, 2, 2)),
    ).double()
    layout = layout_of(module)
    theta = flatten(dict(module.named_parameters()), layout)
    plane = random_plane(theta, layout, PlaneSpec(scaling=scaling, orthogonal=False))
    for direction in (plane.d1, plane.d2):
        values = torch.tensor(direction)
        own, its = filter_norms(theta, layout), filter_norms(values, layout)
        for name, norms in own.items():
            if scaling == "filter":
                assert torch.allclose(norms, its[name], rtol=1e-12)
            else:
                assert norms.norm().item() == pytest.approx(its[name].norm().item(), rel=1e-12)
        for name, place, filters in layout.blocks():
            assert filters.present or not values[place].any(), name


def test_zero_filter_stays_zero_in_transposed_convolution_d3() -> None:
    layer = nn.ConvTranspose2d(4, 6, 3, groups=2).double()
    nn.init.zeros_(layer.weight[:2, 1])  # output channel 1 of the first group
    layout = layout_of(layer)
    theta = flatten(dict(layer.named_parameters()), layout)
    plane = random_plane(theta, layout, PlaneSpec())
    direction = layout.unflatten(torch.tensor(plane.d1))["weight"]
    assert torch.isfinite(direction).all()
    assert not direction[:2, 1].any()
    assert direction[2:, 1].all()
