from benchmarks.machine import cores, cpu_name, machine, median, memory_gib, seconds


def test_the_machine_is_named():
    told = machine()
    wanted = ["CPU", "cores", "memory", "load before", "Python", "DuckDB", "date"]
    assert list(told) == wanted
    assert all(told.values())
    assert cpu_name()
    assert cores() >= 1
    assert memory_gib() > 0.1


def test_medians_and_seconds():
    assert median([3.0, 1.0, 2.0]) == 2.0
    assert seconds(lambda: None) < 1
