"""The networks `ctgan`: what they learn, their parts, and that a row is the same in any range."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from genesis_sql.models.neural import ctgan
from genesis_sql.models.neural.ctgan import Adversaries, Config, Critic, Ctgan
from genesis_sql.models.neural.fit import trained_by
from genesis_sql.models.neural.sampling import Held
from genesis_sql.models.neural.training import Batch, Budget
from genesis_sql.models.watch import NoWatch

from .planted import FIELDS, asked, held_of, planted, together

CPU = torch.device("cpu")
SHORT = replace(ctgan.BUDGET, epochs=35, batch=48, patient=False)


@pytest.fixture(scope="module")
def learnt() -> Held:
    """Trained on columns that go together."""
    return held_of(trained_by(ctgan, planted(600), SHORT, watch=NoWatch()))


def batch_of(rows: int, **more: bool) -> Batch:
    found = planted(rows, **more)
    return Batch(torch.from_numpy(found.tokens).long(), torch.from_numpy(found.context).long())


def test_columns_go_together_as_planted(learnt: Held) -> None:
    made = ctgan.sample(learnt, asked(4_000))
    assert made.shape == (4_000, len(FIELDS))
    agree, alone = together(made)
    assert agree > 0.6
    assert 0.1 < alone < 0.3  # what independent columns would give


def test_no_kind_of_rows_is_forgotten(learnt: Held) -> None:
    made = ctgan.sample(learnt, asked(4_000))
    for j, field in enumerate(FIELDS):
        share = np.bincount(made[:, j], minlength=field.size) / len(made)
        assert np.abs(share - planted(600).fields[j].share).sum() / 2 < 0.15, field.name


def test_a_row_is_the_same_in_any_range(learnt: Held) -> None:
    whole = ctgan.sample(learnt, asked(5_000))
    for first, rows in ((0, 2_048), (4_000, 700), (17, 1), (2_047, 2)):
        part = ctgan.sample(learnt, asked(rows, first=first))
        assert (part == whole[first : first + rows]).all(), (first, rows)
    scattered = np.array([4_999, 3, 2_048, 77])
    assert (ctgan.sample(learnt, asked(4, at=scattered)) == whole[scattered]).all()


def test_context_decides_where_it_did_in_the_rows() -> None:
    rows = planted(600, inputs=True)
    held = held_of(trained_by(ctgan, rows, replace(SHORT, epochs=20), watch=NoWatch()))
    one = asked(2_000, inputs=1)
    made = ctgan.sample(held, one)
    assert (made[:, 0] == one.context[:, 0]).mean() > 0.7


def test_the_gradient_that_is_written_out_is_the_gradient() -> None:
    """Against autograd on one-hot columns."""
    config = Config((3, 3, 13), (3,), hidden=24)
    critic = Critic(config, 0)
    batch = batch_of(50, inputs=True)
    told = torch.arange(50) % 19
    entered = critic.enter(batch.tokens, told, batch.context)
    begins = torch.tensor([0, 3, 6])
    columns = torch.zeros(50, 19).scatter_(1, batch.tokens + begins, 1.0).requires_grad_()
    rest = entered.detach() - columns.detach() @ critic.read.weight[:19].detach()
    value, _ = critic.judge(columns @ critic.read.weight[:19] + rest)
    (gradient,) = torch.autograd.grad(value.sum(), columns)
    _, middle = critic.judge(entered)
    wanted = gradient.square().sum(1).mean().item()
    assert wanted > 1e-3
    assert critic.steepness(entered, middle).item() == pytest.approx(wanted, rel=1e-4)


def test_each_side_moves_its_own_weights_only() -> None:
    rows = planted(100)
    network = Ctgan(Config.of(rows), rows.fields, 0)
    task = Adversaries(network, rows.fields, CPU, seed=0)
    x = batch_of(100).tokens
    told = network.generator.told_of(x, torch.zeros(100, dtype=torch.long))
    before = {n: p.detach().clone() for n, p in network.named_parameters()}
    for group in task.optimizer.param_groups:
        group["lr"] = 1e-3
    task._learn_critic(x, x.roll(1, 0), told, x[:, :0])
    moved = {n for n, p in network.named_parameters() if not torch.equal(p, before[n])}
    assert moved
    assert all(n.startswith("critic.") for n in moved)


def test_validation_is_lower_for_rows_of_the_source_than_for_shuffled_ones() -> None:
    rows = planted(800)
    task = Adversaries(Ctgan(Config.of(rows), rows.fields, 0), rows.fields, CPU, seed=0)
    x = torch.from_numpy(rows.tokens).long()
    mixed = torch.stack([x[torch.randperm(800), j] for j in range(3)], 1)
    real, other, shuffled = (task._features(t) for t in (x[:400], x[400:], mixed))

    def apart(a: torch.Tensor, b: torch.Tensor) -> float:
        return float(ctgan._among(a) + ctgan._among(b) - 2 * (a @ b.T).square().mean())

    assert abs(apart(real, other)) < 0.01 < 0.03 < apart(real, shuffled)


def test_what_is_told_has_the_shares_of_the_source() -> None:
    rows = planted(400)
    generator = ctgan.Generator(Config.of(rows), rows.fields, 0)
    u = (torch.arange(10_000) + 0.5) / 10_000
    told = generator.told_at(u, torch.zeros(10_000, 0, dtype=torch.long))
    share = torch.bincount(told, minlength=19) * 3 / 10_000
    wanted = torch.tensor([s for f in rows.fields for s in f.share])
    assert share == pytest.approx(wanted, abs=1e-3)


def test_training_goes_on_from_a_state() -> None:
    rows = planted(100)
    one, two = (
        Adversaries(Ctgan(Config.of(rows), rows.fields, s), rows.fields, CPU, seed=0)
        for s in (0, 1)
    )
    batch = batch_of(100)
    for _ in range(3):
        one.step(batch, 1e-3)
    two.restore({n: t.clone() for n, t in one.state().items()})
    assert two.steps == 3
    assert two.score(batch) == one.score(batch)
    assert torch.isfinite(two.step(batch, 1e-3))


def test_wide_columns_and_few_rows_are_taken() -> None:
    rows = planted(30, wide=512)
    budget = Budget(epochs=2, batch=256, rate=1e-3)
    tensors, _, trained = trained_by(ctgan, rows, budget, watch=NoWatch())
    assert trained.steps >= 2
    assert all(np.isfinite(t).all() for t in tensors.values())
