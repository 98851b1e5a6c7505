"""Networks are traced in one thread while others run theirs."""

import threading

import torch
from torch import nn

from normscape.landscape.objective.tracing import traced


class _Waits(nn.Module):
    """A network in whose forward pass another thread runs its own networks."""

    def __init__(self, begun: threading.Event, go_on: threading.Event) -> None:
        super().__init__()
        self.layer, self.begun, self.go_on = nn.Linear(2, 2), begun, go_on

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.begun.set()
        assert self.go_on.wait(60)
        return self.layer(x)


def test_other_threads_run_and_trace_networks_meanwhile() -> None:
    begun, go_on = threading.Event(), threading.Event()
    graphs: list[object] = []
    first = threading.Thread(target=lambda: graphs.append(traced(_Waits(begun, go_on))))
    first.start()
    assert begun.wait(60)
    other = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
    x = torch.randn(5, 3)
    expected = torch.relu(nn.functional.linear(x, other[0].weight, other[0].bias))
    torch.testing.assert_close(other(x), expected)
    second = threading.Thread(target=lambda: graphs.append(traced(other)))
    second.start()
    go_on.set()
    first.join(60)
    second.join(60)
    assert len(graphs) == 2
    assert None not in graphs
    assert nn.Module.__call__.__module__ == "torch.nn.modules.module"
    torch.testing.assert_close(other(x), expected)
