"""What networks share: parameters from a generator, optimiser and moving average, devices."""

from __future__ import annotations

import torch
from torch import nn

from genesis_sql.errors import OptionError
from genesis_sql.models.neural.training import Batch

DECAY = 0.999  # of the moving average of the weights
CLIP = 5.0  # norm of gradients


def device_of(name: str) -> torch.device:
    """The device that is asked for; 'auto' is the first CUDA device, or the CPU.

    Raises:
        OptionError: it is not there.
    """
    cuda = torch.cuda.device_count() if torch.cuda.is_available() else 0
    known = ["auto", "cpu", *(["cuda"] if cuda else []), *(f"cuda:{i}" for i in range(cuda))]
    if name not in known:
        seen = f"{cuda} CUDA devices" if cuda else "no CUDA device"
        message = (
            f"device := '{name}' is not there: torch {torch.__version__} sees {seen}; take one of "
            f"{', '.join(known)}"
        )
        raise OptionError(message)
    return torch.device(("cuda:0" if cuda else "cpu") if name in ("auto", "cuda") else name)


def normal(*shape: int, spread: float, by: torch.Generator) -> nn.Parameter:
    """A parameter of independent normal numbers; no global state is touched."""
    return nn.Parameter(torch.empty(*shape).normal_(0.0, spread, generator=by))


class Linear(nn.Module):
    """x (…, in) -> x · weight + bias (…, out), drawn from a generator."""

    def __init__(self, size: int, out: int, by: torch.Generator, gain: float = 1.0) -> None:
        super().__init__()
        self.weight = normal(size, out, spread=gain / size**0.5, by=by)
        self.bias = nn.Parameter(torch.zeros(out))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The linear map."""
        return x @ self.weight + self.bias


def dropped(x: torch.Tensor, share: float, by: torch.Generator | None) -> torch.Tensor:
    """Dropout from a generator of its own; without one, none."""
    if by is None or share == 0:
        return x
    keep = torch.empty_like(x).bernoulli_(1 - share, generator=by)
    return x * keep / (1 - share)


class Learning:
    """A network with a loss, its optimiser and the moving average of its weights.

    The network's ``loss(batch, by)`` gives the mean loss per row; ``by`` is a generator on its
    device while training, None for validation.
    """

    def __init__(
        self, network: nn.Module, device: torch.device, *, seed: int, decay: float = 1e-4
    ) -> None:
        self.network, self.device = network.to(device), device
        self.optimizer = torch.optim.AdamW(
            network.parameters(), weight_decay=decay, fused=device.type == "cpu"
        )
        self.by = torch.Generator(device).manual_seed(seed)
        self.average = {n: p.detach().clone() for n, p in network.named_parameters()}
        self.steps = 0

    def step(self, batch: Batch, rate: float) -> torch.Tensor:
        """See `Task.step`."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad(set_to_none=True)
        loss: torch.Tensor = self.network.loss(batch, self.by)  # type: ignore[operator]
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
        self.optimizer.step()
        self.follow()
        return loss.detach()

    def follow(self) -> None:
        """Count a step; the average moves towards the weights."""
        self.steps += 1
        keep = min(DECAY, (1 + self.steps) / (10 + self.steps))
        mine = [p.detach() for _, p in self.network.named_parameters()]
        torch._foreach_lerp_(list(self.average.values()), mine, 1 - keep)

    def score(self, batch: Batch) -> float:
        """See `Task.score`."""
        held = dict(self.average)
        with torch.no_grad():
            call = torch.func.functional_call
            return float(call(_Loss(self.network), _inside(held), (batch,)))

    def best(self) -> dict[str, torch.Tensor]:
        """See `Task.best`."""
        return self.average

    def state(self) -> dict[str, torch.Tensor]:
        """See `Task.state`."""
        out = {f"weight.{n}": p.detach() for n, p in self.network.named_parameters()}
        out |= {f"average.{n}": t for n, t in self.average.items()}
        for name, parameter in self.network.named_parameters():
            for key, value in self.optimizer.state.get(parameter, {}).items():
                out[f"optimizer.{key}.{name}"] = torch.as_tensor(value)
        out["steps"] = torch.tensor(self.steps)
        return out

    def restore(self, state: dict[str, torch.Tensor]) -> None:
        """See `Task.restore`."""
        with torch.no_grad():
            for name, parameter in self.network.named_parameters():
                parameter.copy_(state[f"weight.{name}"])
                self.average[name].copy_(state[f"average.{name}"])
                held = {
                    key.split(".", 2)[1]: value.clone()
                    for key, value in state.items()
                    if key.startswith("optimizer.") and key.split(".", 2)[2] == name
                }
                self.optimizer.state[parameter] = {
                    k: v if k == "step" else v.to(self.device) for k, v in held.items()
                }
        self.steps = int(state["steps"])


class _Loss(nn.Module):
    """The loss of a network as a module, to be called with other weights."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, batch: Batch) -> torch.Tensor:
        loss: torch.Tensor = self.network.loss(batch, None)  # type: ignore[operator]
        return loss


def _inside(held: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {f"network.{n}": t for n, t in held.items()}
