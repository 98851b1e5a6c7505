"""The digits of scikit-learn: 1,797 real handwritten digits, 8 x 8 pixels, values 0 to 16.

Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998.
"""

import numpy as np

CLASSES = 10


def digits(size: int | None, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return all digits, or `size` of them drawn by `seed`: images (N, 1, 8, 8) in 0 to 16, classes (N,)."""
    from sklearn.datasets import load_digits  # takes a second, so only on use

    inputs, targets = load_digits(return_X_y=True)
    chosen = np.sort(np.random.default_rng(seed).permutation(len(targets))[:size])
    return inputs[chosen].reshape(-1, 1, 8, 8), targets[chosen]
