"""The network `tvae`: what it learns, its context, and that a row is the same in any range."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from genesis_sql.models.neural import tvae
from genesis_sql.models.neural.fit import trained_by
from genesis_sql.models.neural.sampling import Held
from genesis_sql.models.neural.training import Batch
from genesis_sql.models.watch import NoWatch

from .planted import FIELDS, asked, held_of, planted, together


@pytest.fixture(scope="module")
def learnt() -> Held:
    """Trained on columns that go together."""
    budget = replace(tvae.BUDGET, epochs=35, batch=48, patient=False)
    return held_of(trained_by(tvae, planted(600), budget, watch=NoWatch()))


def test_columns_go_together_as_planted(learnt: Held) -> None:
    made = tvae.sample(learnt, asked(4_000))
    assert made.shape == (4_000, len(FIELDS))
    agree, alone = together(made)
    assert agree > 0.6
    assert 0.1 < alone < 0.3  # what independent columns would give


def test_shares_of_labels_are_those_of_the_rows(learnt: Held) -> None:
    made = tvae.sample(learnt, asked(4_000))
    for j, field in enumerate(FIELDS[:2]):
        share = np.bincount(made[:, j], minlength=field.size) / len(made)
        assert np.abs(share - planted(600).fields[j].share).sum() / 2 < 0.15, field.name


def test_a_row_is_the_same_in_any_range(learnt: Held) -> None:
    whole = tvae.sample(learnt, asked(5_000))
    for first, rows in ((0, 2_048), (4_000, 700), (17, 1), (2_047, 2)):
        part = tvae.sample(learnt, asked(rows, first=first))
        assert (part == whole[first : first + rows]).all(), (first, rows)
    scattered = np.array([4_999, 3, 2_048, 77])
    assert (tvae.sample(learnt, asked(4, at=scattered)) == whole[scattered]).all()


def test_context_decides_where_it_did_in_the_rows() -> None:
    rows = planted(600, inputs=True)
    budget = replace(tvae.BUDGET, epochs=20, batch=48, patient=False)
    held = held_of(trained_by(tvae, rows, budget, watch=NoWatch()))
    one = asked(2_000, inputs=1)
    made = tvae.sample(held, one)
    assert (made[:, 0] == one.context[:, 0]).mean() > 0.7


def test_the_prior_is_a_density() -> None:
    network = tvae.Tvae(tvae.Config((3, 2), (), latent=1, components=4), planted(9).fields[:0], 0)
    z = torch.linspace(-30, 30, 60_001)[:, None]
    density = network.log_prior(z, torch.zeros(len(z), 0, dtype=torch.long)).exp()
    assert torch.trapezoid(density, z[:, 0]).item() == pytest.approx(1, abs=1e-3)


def test_wide_columns_and_small_tables_are_taken() -> None:
    network = tvae.Tvae(tvae.Config.of(planted(40, wide=512)), planted(40, wide=512).fields, 0)
    rows = planted(40, wide=512)
    batch = Batch(torch.from_numpy(rows.tokens).long(), torch.from_numpy(rows.context).long())
    assert torch.isfinite(network.loss(batch, None))
    assert asdict(network.config)["components"] == 1
