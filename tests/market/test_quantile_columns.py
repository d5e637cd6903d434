"""What columns of quantiles and members are called by those who make them."""

import pytest

from omnisim.errors import DataError
from omnisim.market.quantile_columns import checked_levels, levels_in, member_columns, quantile_columns

READ = [
    (["q10", "q50", "q90"], [0.1, 0.5, 0.9]),
    (["Q10", "Q90"], [0.1, 0.9]),
    (["q_10", "q_90"], [0.1, 0.9]),
    (["q05", "q50", "q95"], [0.05, 0.5, 0.95]),
    (["q025", "q500", "q975"], [0.025, 0.5, 0.975]),
    (["q0.1", "q0.95"], [0.1, 0.95]),
    (["q0_05", "q0_95"], [0.05, 0.95]),
    (["q2.5", "q97.5"], [0.025, 0.975]),
    (["P10", "P90"], [0.1, 0.9]),
    (["0.1", "0.5", "0.9"], [0.1, 0.5, 0.9]),
    (["0,1", "0,9"], [0.1, 0.9]),
    ([".1", ".9"], [0.1, 0.9]),
    (["10%", "90 %"], [0.1, 0.9]),
    (["2.5%", "97.5%"], [0.025, 0.975]),
    (["0.5%", "2.5%"], [0.005, 0.025]),
    (["q2.5", "q5.0", "median"], [0.025, 0.05, 0.5]),
    (["q0.5", "q1", "q99.5"], [0.005, 0.01, 0.995]),
    (["1", "5", "95", "99"], [0.01, 0.05, 0.95, 0.99]),
    (["5th percentile", "95th percentile"], [0.05, 0.95]),
    (["percentile_5", "percentile_95"], [0.05, 0.95]),
    (["quantile 0.1", "quantile=0.9"], [0.1, 0.9]),
    (["q10", "median", "q90"], [0.1, 0.5, 0.9]),
    (["q10 [EUR/MWh]", "q90 [EUR/MWh]"], [0.1, 0.9]),
    (["q10 EUR/MWh", "q90 EUR/MWh"], [0.1, 0.9]),
    (["lo-80", "hi-80"], [0.1, 0.9]),
    (["lower_95", "upper_95"], [0.025, 0.975]),
    (["Lo 80", "Hi 80", "Lo 95", "Hi 95"], [0.1, 0.9, 0.025, 0.975]),
]  # fmt: skip


@pytest.mark.parametrize(("names", "levels"), READ, ids=[",".join(names) for names, _ in READ])
def test_names_that_say_a_level(names: list[str], levels: list[float]) -> None:
    expected = {"": dict(zip(names, levels, strict=True))}
    found = quantile_columns(["time", *reversed(names), "load forecast", "forecast"])
    assert found == expected
    assert [*found[""].values()] == sorted(levels)


@pytest.mark.parametrize(
    "names",
    [["dnn_1", "dnn_2"], ["lear_56", "lear_84"], ["forecast", "mean"], ["q50"], ["median"], ["vendor_a", "vendor_b"],
     ["model1", "model2"], ["price", "load"], ["quality 1", "quality 2"], ["temp10", "temp90"]],
)  # fmt: skip
def test_names_that_say_none(names: list[str]) -> None:
    assert quantile_columns(names) == {}


def test_several_distributions_are_told_apart_by_what_stands_before() -> None:
    names = ["ETS", "ETS-lo-80", "ETS-hi-80", "price_q10", "price_q90", "price_median"]
    assert quantile_columns(names) == {
        "ETS": {"ETS-lo-80": 0.1, "ETS-hi-80": 0.9},
        "price": {"price_q10": 0.1, "price_median": 0.5, "price_q90": 0.9},
    }


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["q1", "q2", "q3"], "may be counted, or percentiles: say which levels they are: quantiles = "),
        (["1", "2", "3", "4"], "may be counted, or percentiles"),
        (["q010", "q050", "q090"], "may be per cent or per mille"),
        (["q0", "q50", "q100"], "strictly between 0 and 1"),
        (["q10", "P10", "q90"], "'q10' and 'P10' are both the quantile 0.1"),
        (["q50", "median"], "are both the quantile 0.5"),
        (["q0.1", "q0.5", "q1.5"], "q0.1, q0.5, q1.5 are no levels, .* none is above 1.5 %"),
    ],
)
def test_levels_in_doubt_are_refused(names: list[str], said: str) -> None:
    with pytest.raises(DataError, match=said):
        quantile_columns(names)


@pytest.mark.parametrize(
    ("levels", "said"),
    [({"a": 0.5}, "at least two"), ({"a": 0.1, "b": 10.0}, "quantiles.b is 10"), ({"a": 0.1, "b": 0.1}, "both"),
     ({"a": 0.0, "b": 0.5}, "quantiles.a is 0"), ({"a": 0.5, "b": float("nan")}, "quantiles.b is nan")],
)  # fmt: skip
def test_declared_levels_are_checked(levels: dict[str, float], said: str) -> None:
    with pytest.raises(DataError, match=said):
        checked_levels(levels)


def test_members() -> None:
    for names in (["member_1", "member_2"], ["ens1", "ens2"], ["Scenario 01", "Scenario 02"], ["path-7", "path-9"]):
        assert member_columns(["time", *names, "mean"]) == {"": names}
    assert member_columns(["dnn_1", "dnn_2", "member_1"]) == {}
    assert member_columns(["a member 1", "a member 2", "b member 1", "b member 2"]).keys() == {"a", "b"}


@pytest.mark.parametrize("cell", ["high", "0", "1.0", "100", "q", "-0.1", "1e-1"])
def test_cells_that_are_no_level(cell: str) -> None:
    with pytest.raises(DataError, match="level"):
        levels_in([cell, "0.5"])


def test_cells_that_are_levels_or_per_cent() -> None:
    with pytest.raises(DataError, match=r"0.1, 0.5, 1.5 are no levels"):
        levels_in(["0.1", "0.5", "1.5"])
    with pytest.raises(DataError, match=r"levels '0.1' and '0.10' are both the quantile 0.1"):
        levels_in(["0.1", "0.10", "0.9"])
    assert levels_in(["0.5", "2.5", "97.5"]) == {"0.5": 0.005, "2.5": 0.025, "97.5": 0.975}


@pytest.mark.parametrize("width", [50, 80, 90, 95, 99.8])
def test_bounds_of_a_central_interval_leave_out_half_of_the_rest_on_either_side(width: float) -> None:
    for low, high in (("lo", "hi"), ("Low", "High"), ("LOWER", "UPPER")):
        names = [f"{low}-{width:g}", f"{high}-{width:g}"]
        (levels,) = quantile_columns(names).values()
        assert levels == pytest.approx({names[0]: (100 - width) / 200, names[1]: 1 - (100 - width) / 200})


def test_all_whole_per_cents_are_levels_and_fewer_that_count_from_one_are_in_doubt() -> None:
    every = {str(k): k / 100 for k in range(1, 100)}
    assert quantile_columns([*every]) == {"": every}
    with pytest.raises(DataError, match="may be counted, or percentiles"):
        quantile_columns([*every][:-1])
    with pytest.raises(DataError, match="may be counted, or percentiles"):
        quantile_columns(["q2", "q1"])


def test_three_digits_are_per_mille_where_one_is_above_a_hundred() -> None:
    assert quantile_columns(["q005", "q050", "q995"]) == {"": {"q005": 0.005, "q050": 0.05, "q995": 0.995}}
    assert quantile_columns(["q025", "q50", "q975"]) == {"": {"q025": 0.025, "q50": 0.5, "q975": 0.975}}


@pytest.mark.parametrize(
    ("cells", "levels"),
    [
        (["0,1", "0,9"], [0.1, 0.9]), (["2,5", "97,5"], [0.025, 0.975]), (["Median", "q90"], [0.5, 0.9]),
        (["1.5", "60"], [0.015, 0.6]), (["0.5", "1.5", "55"], [0.005, 0.015, 0.55]), ([" 10 %", "p90"], [0.1, 0.9]),
    ],
)  # fmt: skip
def test_cells_that_say_levels_in_other_ways(cells: list[str], levels: list[float]) -> None:
    found = levels_in(cells[::-1])
    assert found == dict(zip(cells, levels, strict=True))
    assert [*found.values()] == levels


def test_a_median_counts_as_one_of_two() -> None:
    assert quantile_columns(["median", "q90"]) == {"": {"median": 0.5, "q90": 0.9}}
    assert quantile_columns(["a median", "q90"]) == {}
    with pytest.raises(DataError, match=r"quantiles\.b is 1: a level must lie strictly between 0 and 1"):
        checked_levels({"a": 0.5, "b": 1.0})
    assert [*checked_levels({"high": 0.9, "low": 0.1})] == ["low", "high"]
    assert member_columns(["member_1", "mean"]) == {}
