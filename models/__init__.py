"""Networks: architectures, normalizations, activations and initializations, one registry each."""

from collections.abc import Iterator, Mapping
from functools import lru_cache

import torch
from torch import nn

from normscape.models import own
from normscape.models.activations import ACTIVATIONS
from normscape.models.architectures import ARCHITECTURES
from normscape.models.effective import effective_spec, idle_fields
from normscape.models.initializations import INITIALIZATIONS, initialize
from normscape.models.normalizations import NORMALIZATIONS, UndefinedNormError
from normscape.models.registry import Entry, entry
from normscape.specs import ModelSpec
from normscape.specs.experiment import register_labels

__all__ = [
    "ACTIVATIONS",
    "ARCHITECTURES",
    "ENTRIES",
    "INITIALIZATIONS",
    "NORMALIZATIONS",
    "REGISTRIES",
    "blank_model",
    "build_model",
    "count_parameters",
    "effective_spec",
    "idle_fields",
    "refusal",
]

ENTRIES: Mapping[str, Mapping[str, Entry]] = {
    "architectures": ARCHITECTURES,
    "normalizations": NORMALIZATIONS,
    "activations": ACTIVATIONS,
    "initializations": INITIALIZATIONS,
}
"""The registries, by the name that the fields of a `ModelSpec` use."""

BUILT_IN: Mapping[str, tuple[str, ...]] = {registry: tuple(entries) for registry, entries in ENTRIES.items()}


class _Names(Mapping[str, tuple[str, ...]]):
    """The names that can be chosen now: those of the product, and of the own networks in the folder."""

    def __getitem__(self, registry: str) -> tuple[str, ...]:
        return BUILT_IN[registry] + (own.listed() if registry == "architectures" else ())

    def __iter__(self) -> Iterator[str]:
        return iter(BUILT_IN)

    def __len__(self) -> int:
        return len(BUILT_IN)


REGISTRIES: Mapping[str, tuple[str, ...]] = _Names()
"""The names in each registry."""

register_labels("run.model.norm", {name: norm.label for name, norm in NORMALIZATIONS.items()})
register_labels("run.model.activation", {name: activation.label for name, activation in ACTIVATIONS.items()})
register_labels(
    "run.model.initialization", {name: f"{one.label} initialization" for name, one in INITIALIZATIONS.items()}
)
register_labels("run.model.architecture", {name: network.label for name, network in ARCHITECTURES.items()})


def build_model(spec: ModelSpec, input_shape: tuple[int, ...], outputs: int, *, seed: int = 0) -> nn.Module:
    """Build a network with its initial weights.

    Every layer draws from a generator of its own, seeded by `seed` and by the layer's name: networks of equal seeds
    have equal initial weights wherever names and shapes agree, with or without normalization (D4).

    Args:
        spec: the network.
        input_shape: the shape of one sample, without the batch axis: (64,) for vectors, (channels, height, width) for
            images.
        outputs: the number of outputs, one per class.
        seed: of the initial weights.

    Raises:
        ValueError: the spec names an architecture, a normalization, an activation or an initialization that is not
            registered, or there is no such network (see `refusal`).
    """
    with torch.random.fork_rng(devices=[]):  # torch's constructors draw weights from the global generator
        torch.manual_seed(seed)
        module = _architecture(spec, input_shape, outputs)
    if not ARCHITECTURES[spec.architecture].draws_weights:
        initialize(module, spec.initialization, seed)
    return module


def blank_model(spec: ModelSpec, input_shape: tuple[int, ...], outputs: int) -> nn.Module:
    """Build a network on the meta device, which has shapes but takes no memory.

    Raises:
        ValueError: as `build_model`.
    """
    entry(INITIALIZATIONS, spec.initialization, "initialization")
    with torch.device("meta"):
        return _architecture(spec, input_shape, outputs)


def count_parameters(spec: ModelSpec, input_shape: tuple[int, ...], outputs: int) -> int:
    """Return the number of trainable parameters, P.

    Raises:
        ValueError: as `build_model`.
    """
    return sum(p.numel() for p in blank_model(spec, input_shape, outputs).parameters() if p.requires_grad)


def refusal(spec: ModelSpec, input_shape: tuple[int, ...]) -> str | None:
    """Return why there is no such network for inputs of a shape, as a text for users, or None if there is.

    Raises:
        ValueError: the architecture or the normalization is not registered.
    """
    own.require_known(spec.architecture)
    architecture = entry(ARCHITECTURES, spec.architecture, "architecture")
    normalization = entry(NORMALIZATIONS, spec.norm, "normalization")
    if reason := architecture.refuses(architecture.size_of(spec), input_shape):
        return f"the {spec.architecture} network cannot be built: {reason}"
    if not architecture.has_positions and (reason := normalization.refuses(0)):
        return (
            f"{normalization.label_in_text} cannot normalize the layers of the {spec.architecture} network, which are "
            f"vectors: {reason}; use an architecture for images"
        )
    if reason := normalization.refuses_in(spec.architecture):
        return f"{normalization.label_in_text} is undefined in this network: {reason}"
    needs_trial = architecture.draws_weights or normalization.depends_on_size
    return _failure(spec, input_shape) if needs_trial else None


@lru_cache(maxsize=1024)
def _failure(spec: ModelSpec, input_shape: tuple[int, ...]) -> str | None:
    """Return why a network cannot be built, or an own network cannot be called, None if it can."""
    try:
        with torch.random.fork_rng(devices=[]), torch.device("meta"):
            architecture = ARCHITECTURES[spec.architecture]
            architecture.build(spec, architecture.size_of(spec), input_shape, 2)
    except own.OwnNetworkError as error:
        return str(error)
    except UndefinedNormError as error:
        return f"{NORMALIZATIONS[spec.norm].label_in_text} is undefined in this network: {error}"
    return None


def _architecture(spec: ModelSpec, input_shape: tuple[int, ...], outputs: int) -> nn.Module:
    reason = refusal(spec, input_shape)
    if reason is not None:
        raise ValueError(reason)
    architecture = ARCHITECTURES[spec.architecture]
    return architecture.build(spec, architecture.size_of(spec), input_shape, outputs)
