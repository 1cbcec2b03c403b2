import pytest

from benchmarks import battery

OUTPUT = """   diehard_birthdays,   0,       100,     100,0.88735925,  PASSED  
        sts_serial,   3,    100000,     100,0.00012345,   WEAK   
   rgb_lagged_sum,  31,   1000000,     100,0.00000000,  FAILED  
not a line of a result
"""  # noqa: W291 - as dieharder writes it


def test_p_values_are_read_from_the_output():
    found = battery.parse("columns", OUTPUT)
    assert [v.assessment for v in found] == ["PASSED", "WEAK", "FAILED"]
    assert found[1] == battery.Verdict("columns", "sts_serial 3", 0.00012345, "WEAK")


def test_every_test_is_asked_for_once():
    assert len(set(battery.TESTS)) == len(battery.TESTS)
    assert battery.command(("200", "-n", "2"))[-4:] == ["-d", "200", "-n", "2"]


@pytest.mark.skipif(not battery.installed(), reason="dieharder is not installed")
def test_dieharder_reads_our_words():
    (verdict,) = battery.run(["columns"], [("0",)])
    assert verdict.test == "diehard_birthdays 0"
    assert verdict.assessment != "FAILED"
