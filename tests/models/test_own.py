"""Own networks: files of a folder become architectures, with their hash in the name and their errors with a line."""

from __future__ import annotations

import pickle
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from normscape.landscape import train
from normscape.models import ARCHITECTURES, REGISTRIES, blank_model, build_model, effective_spec, own, refusal
from normscape.specs import DataSpec, Experiment, ModelSpec, RunSpec, TrainingSpec

Write = Callable[[str, str], str]

UNDEFINED = ("instance", "frn", "qk")
"""Normalizations that own networks of vectors, or any own networks, refuse."""

WITH_NORM = '''
    """Two convolutions.

    A longer text.
    """
    from torch import nn

    def build(norm, input_shape, outputs):
        return nn.Sequential(
            nn.Conv2d(input_shape[0], 6, 3, padding=1), norm(6), nn.ReLU(),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), norm(6, positions=0), nn.Linear(6, outputs),
        )
'''

WITH_TORCH = """
    from torch import nn

    class Block(nn.Module):
        def __init__(self, channels):
            super().__init__()
            self.first, self.tokens = nn.Linear(channels, channels), nn.LayerNorm(channels)
            self.norm = nn.BatchNorm1d(channels)

        def forward(self, x):
            return x + self.norm(self.first(self.tokens(x)).relu())

    def build(input_shape, outputs):
        return nn.Sequential(nn.Flatten(), nn.Linear(64, 12), Block(12), nn.Linear(12, outputs))
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    monkeypatch.setenv(own.SETTING, str(tmp_path))
    known = dict(ARCHITECTURES)

    def write_file(stem: str, text: str) -> str:
        (tmp_path / f"{stem}.py").write_text(textwrap.dedent(text), encoding="utf-8")
        problems = own.refresh()
        return "; ".join(problems) if problems else next(name for name in own.listed() if f"-{stem}-" in name)

    yield write_file
    monkeypatch.delenv(own.SETTING, raising=False)
    own._listed, own._is_read = (), False
    for name in set(ARCHITECTURES) - set(known):
        del ARCHITECTURES[name]
        own._sources.pop(name, None)


def test_a_file_becomes_an_architecture_with_its_docstring(write: Write) -> None:
    name = write("mine", WITH_NORM)
    assert name in REGISTRIES["architectures"]
    assert (ARCHITECTURES[name].label, ARCHITECTURES[name].description) == ("mine", "Two convolutions.")
    spec = ModelSpec(name, norm="batch")
    network = build_model(spec, (1, 8, 8), 10, seed=3)
    assert [type(layer).__name__ for layer in network][1] == "BatchNorm2d"
    assert type(network[5]).__name__ == "BatchNorm1d"
    assert network(torch.rand(4, 1, 8, 8)).shape == (4, 10)
    assert Experiment(RunSpec(model=spec), compare="run.model.architecture", values=(name,)).variants().keys() == {
        "mine"
    }


def test_equal_seeds_give_equal_weights_whatever_the_norm_d4(write: Write) -> None:
    name = write("mine", WITH_NORM)
    networks = [build_model(ModelSpec(name, norm=norm), (1, 8, 8), 10, seed=3) for norm in ("none", "batch", "layer")]
    for other in networks[1:]:
        assert torch.equal(networks[0][0].weight, other[0].weight)
        assert torch.equal(networks[0][6].weight, other[6].weight)
    assert not torch.equal(build_model(ModelSpec(name), (1, 8, 8), 10, seed=4)[0].weight, networks[0][0].weight)
    weighted = build_model(ModelSpec(name, norm="weight"), (1, 8, 8), 10, seed=3)
    assert torch.allclose(weighted[0].weight, networks[0][0].weight)


def test_a_changed_file_is_another_network(write: Write) -> None:
    first = write("mine", WITH_NORM)
    second = write("mine", WITH_NORM + "\n    # changed\n")
    assert first != second
    assert own.listed() == (second,)
    assert blank_model(ModelSpec(first), (1, 8, 8), 10)  # what is open stays what it is
    gone = f"{second[:-1]}{'0' if second[-1] != '0' else '1'}"
    with pytest.raises(ValueError, match=r"the file mine\.py has changed or is gone"):
        refusal(ModelSpec(gone), (1, 8, 8))


def test_training_from_python_finds_a_network_that_nobody_has_read(write: Write) -> None:
    name = write("mine", WITH_NORM)
    del ARCHITECTURES[name], own._sources[name]
    own._listed, own._is_read = (), False
    with pytest.raises(ValueError, match=r"is not registered: .* normscape\.models\.own\.refresh\(\)"):
        refusal(ModelSpec(name), (1, 8, 8))
    spec = RunSpec(DataSpec(size=40), ModelSpec(name), TrainingSpec(steps=1))
    assert train(spec).checkpoints[-1].step == 1


def test_the_name_of_the_file_alone_gets_the_name_of_the_network(write: Write) -> None:
    name = write("mine", WITH_NORM)
    for given in ("mine", "own-mine"):
        with pytest.raises(ValueError, match=f"unknown architecture '{given}'; the own network mine is '{name}'"):
            train(RunSpec(model=ModelSpec(given)))
    with pytest.raises(ValueError, match="unknown architecture 'perceptrn'; choose one of perceptron"):
        train(RunSpec(model=ModelSpec("perceptrn")))


def test_an_own_network_without_a_folder_or_a_working_file_says_so(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("mine", "x = (")
    with pytest.raises(ValueError, match=r"^mine\.py, line 1: SyntaxError"):
        train(RunSpec(model=ModelSpec("own-mine-123456789abc")))
    monkeypatch.delenv(own.SETTING)
    with pytest.raises(ValueError, match=r"NORMSCAPE_NETWORKS names no folder; set it to the folder with mine\.py"):
        train(RunSpec(model=ModelSpec("own-mine-123456789abc")))


def test_fields_that_the_file_decides_have_no_effect(write: Write) -> None:
    name = write("mine", WITH_NORM)
    spec = ModelSpec(name, norm="batch", depth=9, width=7, activation="gelu", placement="before")
    assert effective_spec(spec) == ModelSpec(name, norm="batch")


@pytest.mark.parametrize("norm", [norm for norm in REGISTRIES["normalizations"] if norm not in UNDEFINED])
def test_layers_of_torch_are_exchanged(write: Write, norm: str) -> None:
    name = write("torchs", WITH_TORCH)
    network = build_model(ModelSpec(name, norm=norm), (1, 8, 8), 3, seed=0)
    layers = [type(layer).__name__ for layer in network.modules()]
    assert ("BatchNorm1d" in layers) == (norm == "batch")
    assert "LastAxis" in layers
    assert network(torch.rand(5, 1, 8, 8)).shape == (5, 3)


def test_the_last_axis_is_normalized_as_by_torch() -> None:
    from normscape.models.conversion import exchange_norms

    network = nn.Sequential(nn.LayerNorm(6))
    x = torch.rand(3, 5, 6)
    expected = network(x)
    (exchange,) = exchange_norms(
        network, lambda channels, positions: nn.LayerNorm(channels) if positions == 9 else Last(channels)
    )
    assert str(exchange).startswith("0: LayerNorm((6,)")
    assert torch.allclose(network(x), expected, atol=1e-6)


class Last(nn.Module):
    """Layer norm over axis 1."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(x.movedim(1, -1)).movedim(-1, 1)


def test_a_shared_layer_stays_shared() -> None:
    from normscape.models.conversion import exchange_norms

    shared = nn.BatchNorm2d(4)
    network = nn.ModuleDict({"a": shared, "b": nn.Sequential(shared)})
    exchanges = exchange_norms(network, lambda channels, positions: nn.GroupNorm(2, channels))
    assert network["a"] is network["b"][0]
    assert [exchange.name for exchange in exchanges] == ["a", "b.0"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def build(norm, shape, outputs)\n    pass", r"bad\.py, line 2: SyntaxError"),
        ("import nothing_of_this_name", r"bad\.py, line 2: ModuleNotFoundError"),
        ("x = 1", r"bad\.py has no function build"),
        ("def build(norm):\n    pass", r"build takes 1 arguments; it must be"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_its_line(write: Write, text: str, message: str) -> None:
    problems = write("bad", "\n" + text)
    with pytest.raises(ValueError, match=message):
        raise ValueError(problems)
    assert own.listed() == ()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("    y = 1\n    return undefined", r"bad\.py, line 6: NameError"),
        ("    return 7", "build returns int; it must return a torch.nn.Module"),
        ("    return nn.Sequential(nn.Flatten(), nn.Linear(7, outputs))", r"bad\.py.*RuntimeError"),
        (
            "    return nn.Sequential(nn.Flatten(), nn.Linear(64, 7))",
            r"2 outputs the network returns a tensor of shape \(2, 7\); it must return \(2, 2\)",
        ),
    ],
)
def test_a_network_that_cannot_be_built_is_named_with_its_line(write: Write, body: str, message: str) -> None:
    name = write("bad", f"from torch import nn\n\n\ndef build(norm, input_shape, outputs):\n{body}\n")
    with pytest.raises(ValueError, match=message):
        blank_model(ModelSpec(name), (1, 8, 8), 10)


def test_a_file_that_fails_is_run_once(write: Write, tmp_path: Path) -> None:
    runs = tmp_path / "runs.txt"
    text = f"""
        open({str(runs)!r}, "a").write("run ")
        raise KeyError("no such layer")
    """
    assert write("failing", text) == "failing.py, line 3: KeyError: 'no such layer'"
    assert own.refresh() == ("failing.py, line 3: KeyError: 'no such layer'",)
    assert runs.read_text() == "run "


def test_instance_norm_on_vectors_is_refused(write: Write) -> None:
    name = write("torchs", WITH_TORCH)
    with pytest.raises(ValueError, match="averages over positions"):
        blank_model(ModelSpec(name, norm="instance"), (1, 8, 8), 3)


def test_a_normalization_that_needs_an_activation_or_attention_is_refused(write: Write) -> None:
    name = write("mine", WITH_NORM)
    reasons = [str(refusal(ModelSpec(name, norm=norm), (1, 8, 8))) for norm in ("frn", "qk")]
    assert "takes the place of the activations, which this network chooses itself" in reasons[0]
    assert "use the convolutional or residual network" in reasons[0]
    assert "use the transformer" in reasons[1]


NARROW = """
    from torch import nn

    def build(norm, input_shape, outputs):
        return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1, outputs), norm(outputs, positions=0))
"""


def test_filters_of_one_weight_are_refused_in_own_networks(write: Write) -> None:
    spec = ModelSpec(write("narrow", NARROW), norm="scaled-weight-standardization")
    assert "filters of one weight" in str(refusal(spec, (1, 8, 8)))
    with pytest.raises(ValueError, match="filters of one weight"):
        build_model(spec, (1, 8, 8), 3)


def test_a_worker_builds_the_network_from_the_source_that_comes_with_the_job(write: Write) -> None:
    name = write("mine", WITH_NORM)
    sent = pickle.dumps(own.sources_of([name, "perceptron"]))
    expected = build_model(ModelSpec(name, norm="batch"), (1, 8, 8), 10, seed=1)
    del ARCHITECTURES[name]
    own._sources.clear()
    assert own.adopt(pickle.loads(sent)) == (name,)
    built = build_model(ModelSpec(name, norm="batch"), (1, 8, 8), 10, seed=1)
    assert all(torch.equal(a, b) for a, b in zip(expected.parameters(), built.parameters(), strict=True))


def test_without_the_setting_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(own.SETTING, raising=False)
    assert own.refresh() == ()
    assert not any(name.startswith(own.PREFIX) for name in REGISTRIES["architectures"])


def test_a_folder_that_does_not_exist_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(own.SETTING, str(tmp_path / "missing"))
    (problem,) = own.refresh()
    assert "is no folder" in problem
