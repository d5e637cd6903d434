import pytest

from omnisim.suggest import closest, nearest


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("pirce", ["price", "load"], "price"),
        ("PRICE", ["price", "load"], "price"),
        (" price ", ["load", "price"], "price"),
        ("europe/olso", ["Europe/Oslo", "Asia/Tokyo"], "Europe/Oslo"),
        ("xyz", ["price", "load"], None),
        ("", ["price"], None),
        ("price", [], None),
    ],
)
def test_closest(name: str, known: list[str], expected: str | None) -> None:
    assert closest(name, known) == expected


def test_nearest_names_the_likely_one_and_all() -> None:
    assert nearest("lod", ["price", "load"]) == ": did you mean 'load'? available: price, load"
    assert nearest("zzz", ["price", "load"]) == ": available: price, load"
    assert nearest("zzz", []) == ": available: none"


def test_nearest_takes_any_iterable_once() -> None:
    assert nearest("lod", iter(["price", "load"])) == ": did you mean 'load'? available: price, load"


def test_a_long_list_is_cut_and_counted() -> None:
    names = [f"series_{i:02d}" for i in range(40)]
    text = nearest("series_39", names)
    assert text.startswith(": did you mean 'series_39'? available: series_00, ")
    assert text.endswith("series_14, ... (40 in all)")
