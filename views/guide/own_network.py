"""How a network of one's own is measured: in Python, and in the app."""

import streamlit as st

IN_PYTHON = "**In Python**, `compare` measures any `torch.nn.Module` on your samples, as a copy:"

COMPARE = """
from torch import nn, rand, randint
from normscape import compare

# yours: inputs and targets, or a DataLoader
samples = rand(64, 8), randint(0, 3, (64,))


def network(norm):
    first, last = nn.Linear(8, 16), nn.Linear(16, 3)
    return nn.Sequential(first, norm, nn.Tanh(), last)


networks = {
    "batch norm": network(nn.BatchNorm1d(16)),
    "layer norm": network(nn.LayerNorm(16)),
}
result = compare(networks, samples)
result.save("surfaces.png")
print(result.lambda_max)
""".strip()

IN_THE_APP = """
**In this app**, a Python file is a network under *Network*, trained and compared as all others. Name its folder when
you start the app: `NORMSCAPE_NETWORKS=~/networks make run`.
"""

BUILD = '''
"""A small convolutional network."""

from torch import nn


# norm(channels) is the normalization that is compared
def build(norm, input_shape, outputs):
    return nn.Sequential(
        nn.Conv2d(input_shape[0], 16, 3, padding=1),
        norm(16),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(64, outputs),
    )
'''.strip()


def own_network() -> None:
    """Show both ways side by side."""
    for column, text, code in zip(st.columns(2, gap="large"), (IN_PYTHON, IN_THE_APP), (COMPARE, BUILD), strict=True):
        with column:
            st.markdown(text)
            st.code(code, language="python")
