"""Published weights: files identified by their SHA-256, read without code execution, matched to a network by name."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from normscape.landscape.data.files import data_folder, sha256_of

SUFFIXES = (".th", ".t7", ".pt", ".pth", ".ckpt", ".bin", ".tar", ".safetensors")

KEYS = (
    *("state_dict", "model_state_dict", "net_state_dict", "model_state"),
    *("model", "net", "network", "params", "weights"),
)
"""Keys of a checkpoint that hold the weights, in the order in which they are looked for."""

AVERAGED_KEYS = ("state_dict_ema", "model_ema", "ema_state_dict", "params_ema", "ema")
"""Keys of averaged weights, which are taken if a checkpoint has no others."""

PREFIXES = ("module.", "_orig_mod.", "model.", "net.", "network.", "ema_model.")
"""Beginnings of names that wrappers add; one that all names share, or all names of the network, is dropped."""

AVERAGES = "n_averaged"
"""Name of the counter of torch's `AveragedModel`, on which no result depends."""

NAME_PATTERNS = (
    (r"^module\.", ""),
    (r"\bbn(\d+)\.", r"norm\1."),
    (r"\b(?:shortcut|downsample)\.0\.", "shortcut.conv."),
    (r"\b(?:shortcut|downsample)\.1\.", "shortcut.norm."),
    (r"^fc\.", "linear."),
)
"""From parameter names of published ResNets, also torchvision's, to ours: bn1 becomes norm1, the two layers of a
projection shortcut become conv and norm, and the output layer becomes linear."""

MAX_LISTED = 8


def weight_files() -> Mapping[str, Path]:
    """Return the weight files in the folder `weights` under the data folder, by their SHA-256."""
    folder = data_folder() / "weights"
    files = sorted(path for path in folder.glob("*") if path.suffix in SUFFIXES and path.is_file())
    return {sha256_of(path): path for path in files}


def weight_file(sha256: str) -> Path:
    """Return the weight file with a SHA-256.

    Raises:
        ValueError: no file has this SHA-256.
    """
    files = weight_files()
    if sha256 not in files:
        raise ValueError(
            f"no file in {data_folder() / 'weights'} has the SHA-256 {sha256}; place it in this folder, with "
            f"one of the suffixes {', '.join(SUFFIXES)} (NORMSCAPE_DATA sets the parent folder)"
        )
    return files[sha256]


def load_weights(module: nn.Module, digests: Sequence[str]) -> None:
    """Load published weights into a network, in place, from the one file whose names and shapes fit it.

    Args:
        module: the network; its precision does not change.
        digests: the SHA-256 of each file.

    Raises:
        ValueError: a file is missing, is damaged or holds anything other than tensors; or the names and shapes of none
            are those of the network, in which case the message lists the differences; or those of several are; or a
            weight is not finite.
    """
    refused: list[str] = []
    fitting: dict[str, Mapping[str, Tensor]] = {}
    for path in map(weight_file, digests):
        tensors_by_name = _fitting_names(read_weights(path), module.state_dict())
        expected = _without_counters(module.state_dict())
        if differences := tuple(_differences(expected, _without_counters(tensors_by_name))):
            refused.append(_refusal(path.name, expected, tensors_by_name, differences))
        else:
            fitting[path.name] = tensors_by_name
    if not fitting:
        raise ValueError(" ".join(refused))
    if len(fitting) > 1:
        raise ValueError(f"the weights of {' and of '.join(fitting)} fit this network; name only one of these files")
    ((name, tensors_by_name),) = fitting.items()
    _require_finite(name, tensors_by_name, {name for name, _ in module.named_parameters()})
    module.load_state_dict(tensors_by_name, strict=False)


def _refusal(file: str, expected: Mapping[str, Tensor], found: Mapping[str, Tensor], differences: Sequence[str]) -> str:
    """Return why a file does not fit; one with all weights and more is no file of another network."""
    if all(name in found and found[name].shape == tensor.shape for name, tensor in expected.items()):
        return f"{file} holds more than the weights of this network; save only these. {' '.join(differences)}"
    return f"{file} holds weights of another network. {' '.join(differences)}"


def _require_finite(file: str, tensors_by_name: Mapping[str, Tensor], parameters: set[str]) -> None:
    """Check that weights are finite, and buffers are numbers: a mask may hold -inf.

    Raises:
        ValueError: a tensor is not; the message has its name.
    """
    for name, tensor in tensors_by_name.items():
        wrong = ~tensor.isfinite() if name in parameters else tensor.isnan()
        if count := int(wrong.sum()):
            raise ValueError(
                f"{file} holds values that are not finite: {count} of {tensor.numel()} in {name}. The training that "
                "wrote it probably diverged"
            )


def read_weights(path: Path) -> Mapping[str, Tensor]:
    """Read tensors by name from a safetensors file or a PyTorch checkpoint, without executing code.

    Raises:
        ValueError: the file is damaged, or holds anything other than tensors by name.
    """
    try:
        content = _content(path)
    except pickle.UnpicklingError as error:
        # torch's own message explains how to disable this check
        global_name = re.search(r"GLOBAL (\S+)", str(error))
        reason = f"it asks for {global_name[1]}" if global_name else "it is damaged or holds other objects"
        raise ValueError(
            f"{path.name} was not read: only tensors are admitted, no code is executed, and {reason}"
        ) from None
    except Exception as error:  # a damaged pickle can raise any exception
        raise ValueError(f"{path.name} could not be read as {_kind(path)}: {_reason(path, error)}") from None
    tensors = _inner(content)
    if not _are_weights(tensors):
        raise ValueError(
            f"{path.name} holds {_description(tensors)}; expected are tensors by name, or a dictionary with these "
            f"under one of the keys {', '.join((*KEYS, *AVERAGED_KEYS))}"
        )
    return tensors  # type: ignore[return-value]


def _reason(path: Path, error: Exception) -> str:
    """Return why a file could not be read, without torch's advice to execute its code."""
    if "TorchScript" in str(error):
        return "it is a TorchScript archive, which holds code; save the network's state_dict instead"
    if not path.stat().st_size:
        return "it is empty"
    if isinstance(error, LookupError):  # of the pickle reader, with a byte as the key
        return "it is text or another format"
    return str(error).partition("\n")[0] or type(error).__name__


def _inner(content: object) -> object:
    """Return the weights in a checkpoint: the first of its keys that holds some, or the checkpoint itself."""
    if not isinstance(content, dict) or _are_weights(content):
        return content
    found = (content[key] for key in (*KEYS, *AVERAGED_KEYS) if key in content)
    return next((inner for each in found if _are_weights(inner := _inner(each))), content)


def _are_weights(content: object) -> bool:
    """Whether something is a dictionary of tensors by name."""
    if not isinstance(content, dict) or not content:
        return False
    return all(isinstance(name, str) and isinstance(tensor, Tensor) for name, tensor in content.items())


def _fitting_names(tensors: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Return tensors by the names of a network: as they are if all are its names, and as `model_name` maps them."""
    plain = _without_prefixes(tensors)
    for named in (tensors, plain):
        if set(_without_counters(named)) == set(_without_counters(expected)):
            return named
    return _unwrapped(plain, expected) or {model_name(name): tensor for name, tensor in plain.items()}


def _unwrapped(tensors: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> Mapping[str, Tensor] | None:
    """Return tensors without the prefix under which all names of the network are, as Lightning writes them.

    Tensors without this prefix keep their names, so that they are listed. None if there is no such prefix.
    """
    wanted = set(_without_counters(expected))
    for prefix in PREFIXES:
        inner = {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
        outer = {name: tensor for name, tensor in tensors.items() if not name.startswith(prefix)}
        for named in (inner, {model_name(name): tensor for name, tensor in inner.items()}):
            if wanted <= named.keys() and not named.keys() & outer.keys():
                return named | outer
    return None


def _without_prefixes(tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    tensors = {name: tensor for name, tensor in tensors.items() if name != AVERAGES}
    while tensors and (
        prefix := next((one for one in PREFIXES if all(name.startswith(one) for name in tensors)), None)
    ):
        tensors = {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
    return tensors


def model_name(name: str) -> str:
    """Return the name of a published parameter or buffer in our networks; see `NAME_PATTERNS`."""
    for pattern, ours in NAME_PATTERNS:
        name = re.sub(pattern, ours, name)
    return name


def _content(path: Path) -> object:
    if path.suffix == ".safetensors":
        return load_file(path)
    return torch.load(path, map_location="cpu", weights_only=True)


def _differences(expected: Mapping[str, Tensor], tensors_by_name: Mapping[str, Tensor]) -> Iterable[str]:
    """Yield one sentence each for names missing in the file, names not in the network, and different shapes."""
    common = [name for name in expected if name in tensors_by_name]
    wrong = [
        f"{name} {tuple(tensors_by_name[name].shape)} instead of {tuple(expected[name].shape)}"
        for name in common
        if tensors_by_name[name].shape != expected[name].shape
    ]
    for words, names in (
        ("Missing in the file", [name for name in expected if name not in tensors_by_name]),
        ("Not in the network", [name for name in tensors_by_name if name not in expected]),
        ("Of another shape", wrong),
    ):
        if names:
            more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
            yield f"{words} ({len(names)}): {', '.join(names[:MAX_LISTED])}{more}."


def _without_counters(tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Leave out counters: older files lack them, and no result depends on them."""
    return {name: tensor for name, tensor in tensors.items() if not _is_counter(name)}


def _is_counter(name: str) -> bool:
    return name.endswith("num_batches_tracked") or name == AVERAGES


def _kind(path: Path) -> str:
    return "safetensors" if path.suffix == ".safetensors" else "a PyTorch checkpoint"


def _description(content: object) -> str:
    if isinstance(content, dict):
        return f"a dictionary with the keys {', '.join(map(str, list(content)[:MAX_LISTED])) or '(none)'}"
    return f"a {type(content).__name__}"
