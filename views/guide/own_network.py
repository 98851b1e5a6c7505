"""How a network of one's own is measured: in Python, and in the app."""

import streamlit as st

IN_PYTHON = "**In Python**, `compare` measures any `torch.nn.Module` on your samples. It works on a copy:"

COMPARE = """
# first: pip install -r requirements.txt
from torch import manual_seed, nn, optim, rand
from normscape import compare

# your samples, or a DataLoader
manual_seed(0)
inputs = rand(64, 8)
targets = inputs[:, :3].argmax(1)


def trained(norm):
    manual_seed(0)  # equal initial weights
    first, last = nn.Linear(8, 16), nn.Linear(16, 3)
    network = nn.Sequential(first, norm, nn.Tanh(), last)
    optimizer = optim.SGD(network.parameters(), lr=0.1)
    for _ in range(200):
        optimizer.zero_grad()
        outputs = network(inputs)
        nn.functional.cross_entropy(outputs, targets).backward()
        optimizer.step()
    return network


networks = {
    "no normalization": trained(nn.Identity()),
    "batch norm": trained(nn.BatchNorm1d(16)),
}
result = compare(networks, (inputs, targets))
result.save("surfaces.png")
print(result.lambda_max)
""".strip()

IN_THE_APP = """
**In this app**, every Python file of a folder is an entry under *Network*, trained and compared like the others. Name
the folder when you start the app: `NORMSCAPE_NETWORKS=~/networks make run`.
"""

BUILD = '''
"""Saved as ~/networks/small.py."""

from torch import nn


# norm(channels): what is compared
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
            st.code(code, language="python", wrap_lines=True)  # no part is out of reach of a keyboard
