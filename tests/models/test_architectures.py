"""Architectures against their papers: sizes, shapes, and closed forms of outputs."""

import math

import pytest
import torch
from torch import nn

from normscape.models import ARCHITECTURES, NORMALIZATIONS, build_model, count_parameters, refusal
from normscape.models.architectures.residual import Pad
from normscape.models.architectures.transformer import Attention
from normscape.models.normalizations.filter_response import Threshold
from normscape.specs import ModelSpec

CIFAR, DIGITS = (3, 32, 32), (1, 8, 8)


def images(shape: tuple[int, ...], count: int = 3, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, *shape, generator=torch.Generator().manual_seed(seed))


def of(architecture: str, shape: tuple[int, ...] = CIFAR, **others) -> nn.Module:
    return build_model(ModelSpec(architecture=architecture, **others), shape, 10)


@pytest.mark.parametrize(("depth", "millions"), [(20, 0.27), (32, 0.46), (44, 0.66), (56, 0.85), (110, 1.7)])
def test_residual_networks_have_the_sizes_of_he_et_al_table_6(depth: int, millions: float) -> None:
    count = count_parameters(ModelSpec(architecture="residual", depth=depth, shortcut="pad"), CIFAR, 10)
    assert round(count / 1e6, 2 if millions < 1 else 1) == millions


@pytest.mark.parametrize("depth", [8, 20])
def test_depth_counts_the_layers_with_weights(depth: int) -> None:
    module = of("residual", depth=depth, shortcut="pad")
    assert sum(isinstance(layer, nn.Conv2d | nn.Linear) for layer in module.modules()) == depth


@pytest.mark.parametrize("depth", [2, 7, 9, 18, 21])
def test_other_depths_are_refused_with_the_nearest(depth: int) -> None:
    reason = refusal(ModelSpec(architecture="residual", depth=depth), CIFAR)
    assert reason is not None
    nearest = int(reason.rsplit(" ", 1)[1])
    assert refusal(ModelSpec(architecture="residual", depth=nearest), CIFAR) is None
    assert all(abs(nearest - depth) <= abs(other - depth) for other in range(8, 30, 6)), (
        "another admitted depth is nearer"
    )


def test_padding_keeps_every_second_pixel_and_pads_channels_on_both_sides() -> None:
    x = images((4, 6, 6))
    y = Pad(4, 2)(x)
    assert torch.equal(y[:, 2:6], x[:, :, ::2, ::2])
    assert not y[:, :2].any()
    assert not y[:, 6:].any()


PROJECTIONS = 16 * 32 + 32 * 64 + 2 * (32 + 64)
"""Weights of two 1 x 1 convolutions, and of the batch norms after them."""


@pytest.mark.parametrize(("shortcut", "more"), [("pad", 0), ("none", 0), ("project", PROJECTIONS)])
def test_only_projections_add_parameters(shortcut: str, more: int) -> None:
    plain = count_parameters(ModelSpec(architecture="residual", shortcut="pad"), CIFAR, 10)
    assert count_parameters(ModelSpec(architecture="residual", shortcut=shortcut), CIFAR, 10) == plain + more


def test_with_zero_residual_branches_only_shortcuts_pass_the_input_on() -> None:
    x = images(CIFAR)
    for shortcut, passes in (("pad", True), ("none", False)):
        module = of("residual", norm="none", shortcut=shortcut)
        for block in (*module.layer1, *module.layer2, *module.layer3):
            nn.init.zeros_(block.conv2.weight)
        hidden = torch.relu(module.conv1(x))[:, :, ::4, ::4].mean((2, 3))
        expected = nn.functional.pad(hidden, (8 + 16, 8 + 16))
        found = module.linear(expected if passes else torch.zeros_like(expected))
        assert torch.allclose(module(x), found, atol=1e-5)


def test_a_deep_linear_network_is_the_product_of_its_matrices() -> None:
    module = build_model(ModelSpec(architecture="deep-linear", norm="none"), (10,), 10)
    matrices = [layer.weight.double() for layer in module.modules() if isinstance(layer, nn.Linear)]
    assert [tuple(matrix.shape) for matrix in matrices] == [(10, 10)] * 25
    x = images((10,)).double()
    product = x
    for matrix in matrices:
        product = product @ matrix.T
    assert torch.allclose(module.double()(x), product, rtol=1e-10)
    assert not [name for name, _ in module.named_parameters() if "bias" in name]


def test_a_deep_linear_network_has_batch_norm_after_every_matrix_the_last_included() -> None:
    module = build_model(ModelSpec(architecture="deep-linear", norm="batch", affine=False), (10,), 10)
    assert sum(isinstance(layer, nn.BatchNorm1d) for layer in module.modules()) == 25
    outputs = module(images((10,), count=50))
    assert torch.allclose(outputs.mean(0), torch.zeros(10), atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "depth", "widths", "last"),
    [
        (DIGITS, 4, [16, 16, 32, 32], 2),
        ((1, 28, 28), 4, [16, 32, 64, 64], 3),
        (CIFAR, 13, [16] * 4 + [32] * 4 + [64] * 5, 4),
        (CIFAR, 1, [16], 16),
    ],
)
def test_convolutions_double_their_channels_while_the_image_halves(
    shape: tuple[int, ...], depth: int, widths: list[int], last: int
) -> None:
    module = of("convolutional", shape, depth=depth)
    convolutions = [layer for layer in module.modules() if isinstance(layer, nn.Conv2d)]
    assert [layer.out_channels for layer in convolutions] == widths
    assert module.head.linear.in_features == widths[-1] * last**2


@pytest.mark.parametrize("norm", [norm for norm in NORMALIZATIONS if norm != "qk"])
def test_only_relu_and_thresholds_keep_a_convolutional_network_from_being_smooth_d7(norm: str) -> None:
    module = of("convolutional", DIGITS, norm=norm, activation="tanh")
    kinks = [layer for layer in module.modules() if isinstance(layer, nn.ReLU | nn.MaxPool2d | Threshold)]
    assert len(kinks) == (4 if norm == "frn" else 0)


def test_attention_is_torch_s() -> None:
    attention = Attention(ModelSpec(architecture="transformer", norm="none"), 8)
    theirs = nn.MultiheadAttention(8, 4, batch_first=True)
    mine = (attention.query, attention.key, attention.value)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([layer.weight for layer in mine]))
        theirs.in_proj_bias.copy_(torch.cat([layer.bias for layer in mine]))
        theirs.out_proj.load_state_dict(attention.out.state_dict())
    x = images((5, 8))
    assert torch.allclose(attention(x), theirs(x, x, x, need_weights=False)[0], atol=1e-6)


@pytest.mark.parametrize(("shape", "tokens", "pixels"), [(DIGITS, 16, 4), ((1, 28, 28), 49, 16), (CIFAR, 64, 48)])
def test_patches_become_tokens(shape: tuple[int, ...], tokens: int, pixels: int) -> None:
    module = of("transformer", shape)
    assert module.positions.weight.shape == (tokens, 32)
    assert module.embedding.in_features == pixels


def test_without_position_embedding_a_transformer_ignores_the_order_of_patches() -> None:
    module = of("transformer", DIGITS, norm="layer", placement="before")
    x = images(DIGITS)
    moved = torch.cat([x[:, :, 2:], x[:, :, :2]], dim=2)  # by one row of patches
    assert not torch.allclose(module(x), module(moved), atol=1e-5)
    nn.init.zeros_(module.positions.weight)
    assert torch.allclose(module(x), module(moved), atol=1e-5)


def test_placement_of_a_transformer_is_pre_norm_or_post_norm() -> None:
    x = images(DIGITS)
    post = of("transformer", DIGITS, norm="layer", placement="after", affine=False)
    seen: list[torch.Tensor] = []
    post.blocks.register_forward_hook(lambda _, __, output: seen.append(output))
    post(x)
    assert torch.allclose(seen[0].std(-1, unbiased=False), torch.ones(3, 16), atol=1e-3)  # the sum itself is normalized
    pre = of("transformer", DIGITS, norm="layer", placement="before", affine=False)
    for block in pre.blocks:
        nn.init.zeros_(block.attention.out.weight)
        nn.init.zeros_(block.out.weight)
        nn.init.zeros_(block.attention.out.bias)
        nn.init.zeros_(block.out.bias)
    tokens = images((16, 32))
    assert torch.equal(pre.blocks(tokens), tokens)  # the stream itself is not


@pytest.mark.parametrize("name", ["convolutional", "residual", "transformer"])
def test_vectors_are_refused_with_the_reason(name: str) -> None:
    assert "images" in str(refusal(ModelSpec(architecture=name), (64,)))
    assert refusal(ModelSpec(architecture=name), DIGITS) is None
    with pytest.raises(ValueError, match="images"):
        build_model(ModelSpec(architecture=name), (2,), 3)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_default_depth_and_width_are_those_of_the_architecture(name: str) -> None:
    entry = ARCHITECTURES[name]
    own = ModelSpec(architecture=name)
    named = ModelSpec(architecture=name, depth=entry.size.depth, width=entry.size.width)
    assert count_parameters(own, DIGITS, 10) == count_parameters(named, DIGITS, 10)
    wider = ModelSpec(architecture=name, width=2 * entry.size.width)
    assert count_parameters(wider, DIGITS, 10) > count_parameters(own, DIGITS, 10)
    assert entry.description.endswith(".")


@pytest.mark.parametrize("scheme", ["he", "torch"])
def test_convolutions_are_drawn_by_their_fan_in(scheme: str) -> None:
    weight = of("residual", depth=8, width=64, initialization=scheme).layer3[0].conv2.weight
    fan_in = weight[0].numel()
    expected = 2 / fan_in if scheme == "he" else 1 / (3 * fan_in)
    assert weight.var().item() == pytest.approx(expected, rel=5 * math.sqrt(2 / weight.numel()))
