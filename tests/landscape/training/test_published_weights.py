"""Published weights: identified by digest, read without code execution, matched by name, with errors for mismatches."""

import hashlib
import os
import pickle
import struct
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from normscape.landscape import measure_surface, train, weight_files
from normscape.landscape.training.published_weights import load_weights, model_name, read_weights
from normscape.models import build_model
from normscape.specs import DataSpec, ModelSpec, RunSpec, TrainingSpec
from tests.flat import surface_spec

MODEL = ModelSpec(architecture="residual", width=4)
SHAPE = (1, 8, 8)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NORMSCAPE_DATA", str(tmp_path))
    (tmp_path / "weights").mkdir()
    return tmp_path / "weights"


def network(seed: int = 1, **others) -> nn.Module:
    module = build_model(ModelSpec(**{"architecture": "residual", "width": 4, **others}), SHAPE, 10, seed=seed)
    module(torch.randn(8, *SHAPE, generator=torch.Generator().manual_seed(seed)))  # updates the running averages
    return module.eval()


def published_names(module: nn.Module) -> dict[str, torch.Tensor]:
    """Return the tensors of a network under the names of older collections, without batch counters."""
    state = {name: t for name, t in module.state_dict().items() if not name.endswith("num_batches_tracked")}
    theirs = {}
    for name, tensor in state.items():
        for ours, published in (
            (".norm1.", ".bn1."),
            (".norm2.", ".bn2."),
            ("shortcut.conv.", "shortcut.0."),
            ("shortcut.norm.", "shortcut.1."),
        ):
            name = f".{name}".replace(ours, published)[1:]
        theirs[f"module.{name}"] = tensor
    return theirs


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def saved(folder: Path, content: object, name: str = "net.pt") -> str:
    torch.save(content, folder / name)
    return digest(folder / name)


@pytest.mark.parametrize("kind", ["checkpoint", "plain", "safetensors"])
def test_published_names_load_into_the_same_network(folder: Path, kind: str) -> None:
    source, tensors = network(), published_names(network())
    if kind == "safetensors":
        save_file({name: t.contiguous() for name, t in tensors.items()}, folder / "net.safetensors")
        sha = digest(folder / "net.safetensors")
    else:
        sha = saved(folder, {"state_dict": tensors, "epoch": 3} if kind == "checkpoint" else tensors)
    target = build_model(MODEL, SHAPE, 10, seed=7).eval()
    x = torch.randn(5, *SHAPE)
    assert not torch.allclose(source(x), target(x))
    load_weights(target, [sha])
    assert torch.equal(source(x), target(x))


def test_run_with_weights_is_not_trained(folder: Path) -> None:
    source = network()
    sha = saved(folder, source.state_dict())
    spec = RunSpec(DataSpec(size=60), MODEL, TrainingSpec(steps=50), weights=sha)
    run = train(spec)
    assert [checkpoint.step for checkpoint in run.checkpoints] == [0]
    assert run.history.step.tolist() == [0]
    state = run.module().state_dict()
    assert all(torch.equal(state[name], tensor) for name, tensor in source.state_dict().items())
    surface = measure_surface(run, surface_spec(points_alpha=3, points_beta=1, samples=20, statistics="running"))
    assert np.isfinite(surface.loss).all()


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("module.conv1.weight", "conv1.weight"),
        ("module.bn1.running_mean", "norm1.running_mean"),
        ("layer2.0.bn2.bias", "layer2.0.norm2.bias"),
        ("layer2.0.shortcut.0.weight", "layer2.0.shortcut.conv.weight"),
        ("module.layer3.0.shortcut.1.running_var", "layer3.0.shortcut.norm.running_var"),
        ("linear.bias", "linear.bias"),
        ("layer1.0.norm1.weight", "layer1.0.norm1.weight"),
    ],
)
def test_model_name_maps_published_names(name: str, ours: str) -> None:
    assert model_name(name) == ours


def test_unknown_digest_raises_with_folder(folder: Path) -> None:
    saved(folder, network().state_dict())
    with pytest.raises(ValueError, match="weights has the SHA-256 " + "0" * 64) as error:
        load_weights(network(), ["0" * 64])
    assert str(folder) in str(error.value)
    assert ".safetensors" in str(error.value)


def test_mismatched_names_and_shapes_are_listed(folder: Path) -> None:
    tensors = dict(network().state_dict())
    del tensors["linear.bias"]
    tensors["extra.weight"] = torch.zeros(3)
    tensors["conv1.weight"] = torch.zeros(4, 3, 3, 3)
    sha = saved(folder, tensors)
    target = network(seed=5)
    before = {name: t.clone() for name, t in target.state_dict().items()}
    with pytest.raises(ValueError, match="another network") as error:
        load_weights(target, [sha])
    message = str(error.value)
    assert "Missing in the file (1): linear.bias." in message
    assert "Not in the network (1): extra.weight." in message
    assert "Of another shape (1): conv1.weight (4, 3, 3, 3) instead of (4, 1, 3, 3)." in message
    assert all(torch.equal(t, before[name]) for name, t in target.state_dict().items())


def test_weights_of_another_shortcut_raise(folder: Path) -> None:
    sha = saved(folder, network(shortcut="project").state_dict())
    with pytest.raises(ValueError, match=r"Not in the network \(10\).*and 2 more"):
        load_weights(network(shortcut="pad"), [sha])


def test_of_several_files_a_network_takes_the_one_that_fits(folder: Path) -> None:
    sources = {shortcut: network(shortcut=shortcut) for shortcut in ("project", "none")}
    digests = [saved(folder, source.state_dict(), f"{name}.pt") for name, source in sources.items()]
    for shortcut, source in sources.items():
        model = replace(MODEL, shortcut=shortcut)
        kept = train(RunSpec(DataSpec(size=60), model, weights="-".join(digests))).checkpoints[-1].tensors
        assert all(np.array_equal(kept[name], tensor.numpy()) for name, tensor in source.state_dict().items())


def test_two_files_that_fit_raise(folder: Path) -> None:
    digests = [saved(folder, network(seed=seed).state_dict(), f"{seed}.pt") for seed in (1, 2)]
    with pytest.raises(ValueError, match=r"1\.pt and of 2\.pt fit this network"):
        load_weights(network(), digests)


def test_changed_file_gets_new_digest(folder: Path) -> None:
    first = saved(folder, network().state_dict())
    second = saved(folder, network(seed=2).state_dict())
    os.utime(folder / "net.pt", ns=(1, 1))
    assert first != second
    assert list(weight_files()) == [second]


class RunsCommand:
    """An object whose pickle executes a program."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("legacy", [False, True])
def test_pickle_with_code_raises_without_execution(folder: Path, nested: bool, legacy: bool) -> None:
    mark, bad = folder / "ran", RunsCommand(folder / "ran")
    content = {"state_dict": {**network().state_dict(), "bad": bad}} if nested else bad
    torch.save(content, folder / "bad.pt", _use_new_zipfile_serialization=not legacy)
    with pytest.raises(ValueError, match=r"bad\.pt was not read: only tensors are admitted.*") as error:
        read_weights(folder / "bad.pt")
    assert "system" in str(error.value)
    assert not mark.exists()


def test_bare_pickle_with_code_raises_without_execution(folder: Path) -> None:
    (folder / "bare.pt").write_bytes(pickle.dumps(RunsCommand(folder / "ran")))
    with pytest.raises(ValueError, match=r"bare\.pt"):
        read_weights(folder / "bare.pt")
    assert not (folder / "ran").exists()


@pytest.mark.parametrize("name", ["net.pt", "net.safetensors"])
@pytest.mark.parametrize("damage", ["empty", "truncated", "flipped", "text"])
def test_damaged_file_raises_with_its_name(folder: Path, name: str, damage: str) -> None:
    path, tensors = folder / name, {name: t.contiguous() for name, t in network().state_dict().items()}
    (torch.save if name.endswith("pt") else save_file)(tensors, path)
    whole = path.read_bytes()
    path.write_bytes(
        {
            "empty": b"",
            "truncated": whole[: len(whole) // 2],
            "flipped": struct.pack("<Q", 2**60) + whole[8:],
            "text": b"weights",
        }[damage]
    )
    with pytest.raises(ValueError, match=name.replace(".", r"\.")):
        read_weights(path)


def test_a_legacy_file_that_was_cut_or_altered_anywhere_is_read_or_refused_with_its_name(folder: Path) -> None:
    path, tensors = folder / "old.th", {"conv.weight": torch.randn(2, 1, 3, 3), "fc.bias": torch.randn(3)}
    torch.save(tensors, path, _use_new_zipfile_serialization=False)
    whole = path.read_bytes()
    cut = [whole[:length] for length in range(len(whole))]
    altered = [whole[:k] + bytes([whole[k] ^ flip]) + whole[k + 1 :] for k in range(len(whole)) for flip in (1, 64)]
    refusals = [refusal(path, content) for content in cut + altered]
    assert all(refusals[: len(cut)])
    assert all("old.th" in words for words in refusals if words is not None)


def refusal(path: Path, content: bytes) -> str | None:
    path.write_bytes(content)
    try:
        with warnings.catch_warnings(action="ignore"):  # torch's, about other protocols
            read_weights(path)
    except ValueError as error:
        return str(error)
    return None


@pytest.mark.parametrize("content", [torch.zeros(3), [1, 2], {}, {"epoch": 3}, {"state_dict": {"a": 1}}])
def test_file_without_named_tensors_raises_with_its_content(folder: Path, content: object) -> None:
    sha = saved(folder, content)
    with pytest.raises(ValueError, match=r"net\.pt holds .*; expected are tensors by name"):
        load_weights(network(), [sha])


@pytest.mark.parametrize("weights", ["", "abc", "G" * 64, "A" * 64, "0" * 63, "0" * 64 + "-", "0" * 64 + "-abc"])
def test_invalid_digest_raises(weights: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        RunSpec(weights=weights)


def torchvision_names(module: nn.Module) -> dict[str, torch.Tensor]:
    theirs = {}
    for name, tensor in module.state_dict().items():
        for ours, their in (
            ("norm1.", "bn1."),
            ("norm2.", "bn2."),
            ("shortcut.conv.", "downsample.0."),
            ("shortcut.norm.", "downsample.1."),
            ("linear.", "fc."),
        ):
            name = name.replace(ours, their)
        theirs[name] = tensor
    return theirs


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".ckpt", ".bin", ".tar", ".th"])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: state,
        lambda state: {"model_state_dict": state, "epoch": 3, "optimizer": {"lr": 0.1}},
        lambda state: {"model": {f"_orig_mod.{name}": t for name, t in state.items()}},
        lambda state: {"net": {f"module.model.{name}": t for name, t in state.items()}, "acc": 0.9},
        lambda state: {"state_dict_ema": state, "epoch": 1},
        lambda state: {"state_dict": {name: 0 * t for name, t in state.items()}, "ema": state},
    ],
    ids=["plain", "model_state_dict", "compiled", "two prefixes", "averaged", "averaged and last"],
)
def test_checkpoints_of_every_usual_form_are_read(folder: Path, suffix: str, wrap) -> None:
    source, target = network(seed=1), network(seed=2)
    content = wrap(torchvision_names(source))
    load_weights(target, [saved(folder, content, f"net{suffix}")])
    last = content.get("state_dict", torchvision_names(source))  # before averaged weights
    assert torch.equal(target.conv1.weight, last["conv1.weight"])
    assert torch.equal(target.linear.weight, last["fc.weight"])
    for name, tensor in torchvision_names(target).items():
        assert name.endswith("num_batches_tracked") or torch.equal(tensor, last[name])


def test_names_that_are_the_networks_own_are_not_changed(folder: Path) -> None:
    module = nn.Sequential()
    module.add_module("fc", nn.Linear(3, 2))
    module.add_module("bn1", nn.BatchNorm1d(2))
    expected = {name: torch.rand_like(t) if t.is_floating_point() else t for name, t in module.state_dict().items()}
    load_weights(module, [saved(folder, {"state_dict": expected})])
    assert torch.equal(module.fc.weight, expected["fc.weight"])


@pytest.mark.parametrize(
    "content",
    [
        {1: torch.ones(2)},
        {"a": torch.ones(2), 1: torch.ones(2)},
        {"state_dict": {1: torch.ones(2)}},
        {"epoch": 3},
        {},
    ],
)
def test_what_holds_no_tensors_by_name_is_refused_with_the_keys(folder: Path, content: object) -> None:
    saved(folder, content, "odd.pt")
    with pytest.raises(ValueError, match=r"odd\.pt holds .*under one of the keys state_dict, model_state_dict"):
        read_weights(folder / "odd.pt")


@pytest.mark.parametrize("key", ["params", "model_state", "net_state_dict", "params_ema"])
def test_further_usual_keys_are_read(folder: Path, key: str) -> None:
    source, target = network(seed=1), network(seed=2)
    load_weights(target, [saved(folder, {key: source.state_dict(), "epoch": 3})])
    assert torch.equal(target.conv1.weight, source.conv1.weight)


@pytest.mark.parametrize("wrap", [lambda state: state, lambda state: {"model": state}])
def test_averaged_models_of_torch_are_read(folder: Path, wrap) -> None:
    source, target = network(seed=1), network(seed=2)
    averaged = torch.optim.swa_utils.AveragedModel(source)
    assert "n_averaged" in averaged.state_dict()
    load_weights(target, [saved(folder, wrap(averaged.state_dict()))])
    assert all(torch.equal(target.state_dict()[name], tensor) for name, tensor in source.state_dict().items())


@pytest.mark.parametrize("names", [lambda module: module.state_dict(), torchvision_names], ids=["own", "torchvision"])
def test_tensors_beside_the_network_are_listed_and_nothing_is_left_out_silently(folder: Path, names) -> None:
    source, target = network(seed=1), network(seed=2)
    inside = {f"model.{name}": tensor for name, tensor in names(source).items()}
    sha = saved(folder, {"state_dict": {**inside, "criterion.weight": torch.ones(10)}, "epoch": 3}, "lightning.ckpt")
    with pytest.raises(ValueError, match="more than the weights of this network; save only these") as error:
        load_weights(target, [sha])
    assert str(error.value).endswith("Not in the network (1): criterion.weight.")
    load_weights(target, [saved(folder, {"state_dict": inside}, "inside.ckpt")])
    assert torch.equal(target.conv1.weight, source.conv1.weight)


def test_names_that_a_prefix_would_make_equal_keep_it(folder: Path) -> None:
    state = network().state_dict()
    both = {**{f"model.{name}": tensor for name, tensor in state.items()}, "linear.bias": state["linear.bias"]}
    with pytest.raises(ValueError, match="another network") as error:
        load_weights(network(), [saved(folder, both)])
    assert "model.conv1.weight" in str(error.value)


@pytest.mark.parametrize(
    ("name", "value"), [("conv1.weight", np.nan), ("linear.bias", np.inf), ("norm1.running_mean", np.nan)]
)
def test_weights_that_are_not_finite_are_refused_with_the_tensor(folder: Path, name: str, value: float) -> None:
    tensors = {key: tensor.clone() for key, tensor in network().state_dict().items()}
    tensors[name].view(-1)[1] = value
    target, before = network(seed=2), network(seed=2)
    with pytest.raises(
        ValueError, match=rf"net\.pt holds values that are not finite: 1 of {tensors[name].numel()} in {name}"
    ):
        load_weights(target, [saved(folder, tensors)])
    assert torch.equal(target.conv1.weight, before.conv1.weight)


def test_a_mask_of_infinities_is_read(folder: Path) -> None:
    module = nn.Linear(2, 2)
    module.register_buffer("mask", torch.full((2, 2), -torch.inf).triu(1))
    load_weights(module, [saved(folder, module.state_dict())])


@pytest.mark.parametrize("text", ["epoch 3, loss 0.4", "weights", "{}", "\n"])
def test_a_text_file_is_called_one(folder: Path, text: str) -> None:
    (folder / "net.pt").write_text(text)
    with pytest.raises(
        ValueError, match=r"net\.pt (could not be read as a PyTorch checkpoint: it is text|was not read)"
    ) as error:
        read_weights(folder / "net.pt")
    assert not str(error.value)[-1].isdigit()


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_a_torchscript_archive_is_refused_without_torchs_advice(folder: Path) -> None:
    torch.jit.script(nn.Linear(2, 2)).save(str(folder / "net.pt"))
    with pytest.raises(
        ValueError, match="it is a TorchScript archive, which holds code; save the network's state_dict"
    ) as error:
        read_weights(folder / "net.pt")
    assert "weights_only" not in str(error.value)
