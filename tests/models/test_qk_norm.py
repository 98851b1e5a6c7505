"""QK-norm: layer norm of queries and keys per head, with layer norm in the blocks (Dehghani et al. 2023)."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from normscape.models import build_model, count_parameters, refusal
from normscape.models.architectures.transformer import Attention
from normscape.specs import ModelSpec

WIDTH, HEADS = 16, 4


def attention(norm: str, *, affine: bool = True) -> Attention:
    torch.manual_seed(0)
    found = Attention(ModelSpec("transformer", norm=norm, affine=affine), WIDTH).double()
    if norm == "qk" and affine:
        with torch.no_grad():
            for one in (found.query_norm, found.key_norm):
                one.weight.copy_(torch.linspace(0.5, 2, WIDTH // HEADS))
                one.bias.copy_(torch.linspace(-1, 1, WIDTH // HEADS))
    return found


def tokens(count: int = 3) -> torch.Tensor:
    return torch.randn(count, 5, WIDTH, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def standardized(x: np.ndarray, norm: nn.LayerNorm) -> np.ndarray:
    y = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    return y * norm.weight.detach().numpy() + norm.bias.detach().numpy()


def test_output_is_softmax_of_normalized_queries_and_keys() -> None:
    module, x = attention("qk"), tokens()
    q, k, v = (
        layer(x).detach().numpy().reshape(3, 5, HEADS, -1).transpose(0, 2, 1, 3)
        for layer in (module.query, module.key, module.value)
    )
    q, k = standardized(q, module.query_norm), standardized(k, module.key_norm)
    logits = np.einsum("nhtd,nhsd->nhts", q, k) / math.sqrt(WIDTH // HEADS)
    weights = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    mixed = np.einsum("nhts,nhsd->nthd", weights, v).reshape(3, 5, WIDTH)
    expected = module.out(torch.from_numpy(mixed))
    torch.testing.assert_close(module(x), expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("factor", [10.0, 0.1])
def test_rescaled_queries_and_keys_change_nothing(factor: float) -> None:
    module, plain, x = attention("qk"), attention("layer"), tokens()
    for one in (module.query_norm, module.key_norm):
        one.eps = 0.0
    before = module(x), plain(x)
    for one in (module, plain):
        with torch.no_grad():
            for projection in (one.query, one.key):
                projection.weight.mul_(factor)
                projection.bias.mul_(factor)
    torch.testing.assert_close(module(x), before[0], rtol=1e-10, atol=1e-13)
    assert not torch.allclose(plain(x), before[1], rtol=1e-3)


def test_attention_logits_are_bounded_without_affine() -> None:
    module = attention("qk", affine=False)
    with torch.no_grad():
        module.query.weight.mul_(100)
    seen: list[torch.Tensor] = []
    module.softmax.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    module(tokens(20))
    assert seen[0].abs().max() <= math.sqrt(WIDTH // HEADS)  # Cauchy-Schwarz: ‖q‖ ‖k‖/√d, both norms at most √d


def test_derivatives_are_those_of_finite_differences() -> None:
    x = tokens(1)[:, :3].contiguous().requires_grad_()
    assert torch.autograd.gradcheck(attention("qk"), (x,))
    assert torch.autograd.gradgradcheck(attention("qk"), (x,))


@pytest.mark.parametrize("placement", ["before", "after"])
def test_blocks_have_layer_norm_where_the_placement_says(placement: str) -> None:
    x = torch.randn(4, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    both = [build_model(ModelSpec("transformer", norm=n, placement=placement), (1, 8, 8), 3) for n in ("qk", "layer")]
    names = [{name for name, one in module.named_modules() if isinstance(one, nn.LayerNorm)} for module in both]
    assert names[1] <= names[0]
    assert {name.rpartition(".")[2] for name in names[0] - names[1]} == {"query_norm", "key_norm"}
    for block in both[0].blocks:
        block.attention.query_norm = block.attention.key_norm = None
    assert torch.equal(both[0](x), both[1](x))


def test_a_scale_and_a_shift_are_shared_by_the_heads() -> None:
    on, off, layer_on, layer_off = (
        count_parameters(ModelSpec("transformer", norm=norm, affine=affine, depth=2, width=WIDTH), (1, 8, 8), 3)
        for norm, affine in (("qk", True), ("qk", False), ("layer", True), ("layer", False))
    )
    assert off == layer_off
    assert on - layer_on == 2 * 2 * 2 * WIDTH // HEADS  # blocks, queries and keys, γ and β


@pytest.mark.parametrize("architecture", ["perceptron", "deep-linear", "convolutional", "residual"])
def test_other_architectures_are_refused_with_the_remedy(architecture: str) -> None:
    reason = str(refusal(ModelSpec(architecture, norm="qk"), (1, 8, 8)))
    assert "queries and keys of attention" in reason
    assert reason.endswith("use the transformer")


def test_heads_of_one_channel_are_refused_with_the_remedy() -> None:
    assert "use a width of at least 8" in str(refusal(ModelSpec("transformer", norm="qk", width=4), (1, 8, 8)))
    assert refusal(ModelSpec("transformer", norm="qk", width=8), (1, 8, 8)) is None
    with pytest.raises(ValueError, match="a head has one channel"):
        build_model(ModelSpec("transformer", norm="qk", width=4), (1, 8, 8), 3)
