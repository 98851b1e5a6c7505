"""The process that reads an HDF5 file: standard input to an .npz on standard output, or one line that says why not.

The HDF5 library is large and written in C, and a damaged file can end its process. A file can also name other files
(external links, external and virtual storage); these are refused, so that nothing but the input is read. Imports
nothing of Normscape: it runs as a script, with limits on time and memory.
"""

import contextlib
import io
import sys

import h5py
import numpy as np

MOST_POINTS = 501**2
NAMES = tuple(f"{split}_{value}" for split in ("train", "test") for value in ("loss", "acc"))
COORDINATES = ("xcoordinates", "ycoordinates")
MEGABYTES, SECONDS = 2048, 20


def read(content: bytes) -> dict[str, np.ndarray]:
    """Return coordinates and values by name.

    Raises:
        ValueError: the file has no surface in the layout of Li et al., or one that is too large.
        OSError: the file is no HDF5 file, or is damaged.
    """
    with h5py.File(io.BytesIO(content), "r") as file:
        found = {name: array(file, name) for name in (*COORDINATES, *NAMES, "evaluated") if name in file}
        if "xcoordinates" not in found or not found.keys() & set(NAMES):
            raise ValueError(f"it has {', '.join(sorted(map(str, file))[:8]) or 'nothing'}")
        about = file.attrs.get("normscape")
    return found | ({} if about is None else {"normscape": np.array(str(about))})


def array(file: h5py.File, name: str) -> np.ndarray:
    """Return a data set of numbers that lies in the file itself."""
    if not isinstance(file.get(name, getlink=True), h5py.HardLink):
        raise ValueError(f"{name} is a link, which is not followed")
    data = file[name]
    if not isinstance(data, h5py.Dataset) or data.dtype.kind not in "fiu":
        raise ValueError(f"{name} is no array of numbers")
    if data.external or data.is_virtual:
        raise ValueError(f"{name} lies in another file, which is not opened")
    if data.size is None or data.size > MOST_POINTS or data.ndim > 2:
        raise ValueError(f"{name} has the shape {data.shape}; at most 501 x 501 points are read")
    return np.asarray(data[()], dtype=np.float64)


def limit() -> None:
    """Limit memory and time of this process where the system can."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEGABYTES << 20,) * 2)
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS,) * 2)


def main() -> None:
    """Read standard input."""
    limit()
    try:
        arrays = read(sys.stdin.buffer.read())
    except ValueError as error:
        sys.exit(f"refused: {error}")
    except Exception:
        sys.exit("damaged")
    np.savez(sys.stdout.buffer, allow_pickle=False, **arrays)


if __name__ == "__main__":
    main()
