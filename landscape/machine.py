"""What the last bits of a number depend on besides its spec."""

import platform
from importlib.metadata import version

import torch


def machine() -> dict[str, str]:
    """Return versions, processor and thread count: equal specs give equal numbers where all of these are equal."""
    return {
        "Python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": version("numpy"),
        "scipy": version("scipy"),
        "scikit-learn": version("scikit-learn"),
        "processor": f"{platform.machine()}, {torch.backends.cpu.get_cpu_capability()}",
        "threads": str(torch.get_num_threads()),
        "system": platform.system(),
    }
