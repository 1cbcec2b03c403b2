import json
from importlib import import_module

import pytest

from benchmarks.__main__ import NAMES, main
from benchmarks.options import BenchmarkError
from benchmarks.report import Line, Must, Report


def answering(value, seen=None):
    def work(options):
        if seen is not None:
            seen.append(options)
        return Report("toy", [Line("number", value, Must(most=1))], {"CPU": "abacus"})

    return {"adult": work}


def test_without_a_name_the_benchmarks_are_listed(capsys):
    assert main([]) == 0
    text = capsys.readouterr().out
    assert all(f"  {name} " in text for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_a_module_with_a_run(name):
    assert callable(import_module(f"benchmarks.{name}").run)


def test_options_reach_the_benchmark():
    seen = []
    line = "adult --data d --peers p --referee r --rows 5 --rounds 4 --quick".split()
    assert main(line, answering(0, seen)) == 0
    (options,) = seen
    assert (str(options.data), str(options.peers), str(options.referee)) == ("d", "p", "r")
    assert (options.rows, options.rounds, options.quick) == (5, 4, True)


def test_a_failed_must_counts_only_with_check(capsys):
    assert main(["adult"], answering(2)) == 0
    assert main(["adult", "--check"], answering(2)) == 1
    assert "Not kept: number" in capsys.readouterr().err
    assert main(["adult", "--check"], answering(1)) == 0


def test_out_holds_everything_as_json(tmp_path):
    assert main(["adult", "--out", str(tmp_path / "r.json")], answering(1)) == 0
    assert json.loads((tmp_path / "r.json").read_text())["lines"][0]["ours"] == 1


def test_what_is_missing_is_one_sentence(capsys):
    def work(options):
        message = "the referee is not there"
        raise BenchmarkError(message)

    assert main(["adult"], {"adult": work}) == 2
    assert capsys.readouterr().err == "Error: the referee is not there\n"


def test_an_unknown_name_is_refused(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["adlt"])
    assert "adult" in capsys.readouterr().err
