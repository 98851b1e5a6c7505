"""How a network of one's own is measured: in Python, and in the app."""

import streamlit as st

IN_PYTHON = "**In Python**, `compare` measures any `torch.nn.Module` on your samples:"

COMPARE = """
from torch import nn, rand, randint
from normscape import compare

samples = rand(64, 8), randint(0, 3, (64,))  # yours: inputs and targets, or a DataLoader
networks = {
    "batch norm": nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.Tanh(), nn.Linear(16, 3)),
    "layer norm": nn.Sequential(nn.Linear(8, 16), nn.LayerNorm(16), nn.Tanh(), nn.Linear(16, 3)),
}
result = compare(networks, samples)  # the networks are copied and never changed
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


def build(norm, input_shape, outputs):  # norm(channels) is what is compared
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
