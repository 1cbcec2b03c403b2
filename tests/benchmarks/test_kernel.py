import numpy as np

from benchmarks import kernel
from benchmarks.options import Options


def test_kernel_and_numpy_draw_the_same_rows():
    program = kernel.random_program(leaves=20)
    rows = np.r_[np.arange(100), 2**40 + np.arange(100)]
    one, two = kernel.in_kernel(program, rows), kernel.in_numpy(program, rows)
    assert len(one) == kernel.COLUMNS
    assert all(np.array_equal(one[n], two[n]) for n in one)
    assert all(((one[n] >= 1) & (one[n] <= kernel.LABELS)).all() for n in one)


def test_trees_have_the_leaves_asked_for():
    tree = kernel.random_tree(np.random.default_rng(0), 3, 37)
    cells = tree.left[tree.feature < 0]
    assert sorted(cells.tolist()) == list(range(37))


def test_a_rate_is_positive():
    assert kernel.rate(kernel.in_kernel, kernel.random_program(leaves=4), 128, 300) > 0
    assert Options().rounds >= 3
