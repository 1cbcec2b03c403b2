import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import emit
from genesis_sql.program.draw import Stream, draw


@pytest.mark.parametrize("source", emit.SOURCES)
def test_every_source_gives_fresh_whole_words(source):
    one, two = itertools.islice(emit.SOURCES[source](0), 2)
    other = next(iter(emit.SOURCES[source](1)))
    assert len(one) % 4 == 0
    assert one != two
    assert one != other
    ones = np.unpackbits(np.frombuffer(one, np.uint8)).mean()
    assert ones == pytest.approx(0.5, abs=5 * 0.5 / np.sqrt(8 * len(one)))


def test_words_are_those_of_the_draw():
    rows = np.array([0, 1, 2**31, 2**61 + 5])
    keys = Stream(123, 456)
    assert emit.words(keys, rows).tolist() == draw(keys, rows).tolist()


def test_leading_bits_are_packed():
    packed = emit.leading(np.array([0x11223344, 0xAABBCCDD], np.uint32))
    assert packed.hex() == "332211ccbbaa"


def test_doubles_take_27_bits_of_one_word_and_5_of_the_other():
    first, second = np.array([0xFFFFFFFF, 0], np.uint32), np.array([0, 0xFFFFFFFF], np.uint32)
    made = np.frombuffer(emit.doubles(first, second), np.uint32)
    assert made.tolist() == [0xFFFFFFE0, 0x1F]


def test_writing_stops_when_the_reader_is_done():
    command = [sys.executable, "-m", "benchmarks.emit", "columns"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=Path(__file__).parents[2]
    ) as process:
        assert len(process.stdout.read(1000)) == 1000
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
