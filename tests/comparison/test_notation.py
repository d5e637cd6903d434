"""Choices written on one line."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnisim.comparison.choices import Choice, check_settings, choices, choices_from_text, settings_from_text
from omnisim.comparison.notation import read_choice, show_choice, show_value, split_list
from omnisim.errors import ScenarioError

NAMES = st.from_regex(r"[a-z][a-z_0-9]{0,8}", fullmatch=True).filter(lambda name: name not in ("kind", "inf", "nan"))
SCALARS = st.one_of(
    st.integers(-(10**9), 10**9),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=12),
)


def tables(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    inner = st.dictionaries(NAMES, st.one_of(values, st.lists(values, max_size=3)), max_size=3)
    return st.builds(lambda kind, parameters: {"kind": kind, **parameters}, NAMES, inner)


class TestNotation:
    @pytest.mark.long
    @given(tables(st.one_of(SCALARS, tables(SCALARS))))
    def test_reads_what_it_shows(self, table: dict[str, Any]) -> None:
        read = read_choice(show_choice(table), [])
        # A table without parameters is shown as its name, at the top and inside.
        bare = [value for value in table.values() if isinstance(value, dict) and len(value) == 1]
        if len(table) == 1:
            assert read == table["kind"]
        elif not bare and not any(isinstance(value, list) for value in table.values()):
            assert read == table

    @pytest.mark.long
    @given(st.lists(tables(SCALARS).map(show_choice), min_size=1, max_size=4))
    def test_splits_what_is_joined(self, parts: list[str]) -> None:
        assert split_list(",".join(parts)) == parts
        assert split_list(" , ".join(parts)) == parts

    @pytest.mark.parametrize(
        ("text", "table"),
        [
            ("persistence( lag = 7 )", {"kind": "persistence", "lag": 7}),
            (" persistence(lag=7) ", {"kind": "persistence", "lag": 7}),
            ('{kind = "persistence", lag = 7}', {"kind": "persistence", "lag": 7}),
            ("published(model='a, b')", {"kind": "published", "model": "a, b"}),
            ("published(model=dnn)", {"kind": "published", "model": "dnn"}),
            (
                "decision_calibrated(bases=[ridge_autoregression, persistence(lag=7)])",
                {
                    "kind": "decision_calibrated",
                    "bases": [{"kind": "ridge_autoregression"}, {"kind": "persistence", "lag": 7}],
                },
            ),
        ],
    )
    def test_a_table(self, text: str, table: dict[str, Any]) -> None:
        assert read_choice(text, ["forecasters"]) == table

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("persistence(lag)", "lacks the name of a parameter and '='"),
            ("persistence(lag=7", "lacks ')'"),
            ("persistence(lag=)", "lacks a value"),
            ("persistence(lag=7) 8", "goes on with '8'"),
            ("persistence(lag=1_2_)", "has the value 1_2_, which is none of TOML"),
            ("7", "must be a name"),
            ("'persistence'", "must be a name, without quotes"),
            ("", "is not a choice"),
            ("__import__('os').system('true')", "lacks the name of a parameter"),
        ],
    )
    def test_refuses(self, text: str, said: str) -> None:
        with pytest.raises(ScenarioError) as refused:
            read_choice(text, ["forecasters"])
        assert repr(text) in str(refused.value)
        assert said in str(refused.value)

    @pytest.mark.parametrize(
        "text", ["größer", "Ελλάδα 2", "日本", "a “quoted” name", "naïve\tname", 'say "no" \\ yes']
    )
    def test_letters_of_any_language_are_shown_as_they_are(self, text: str) -> None:
        shown = show_value(text)
        assert tomllib.loads(f"x = {shown}")["x"] == text
        assert {letter for letter in text if not letter.isascii()} == {each for each in shown if not each.isascii()}


class TestChoices:
    def test_labels(self, tmp_path: Any) -> None:
        path = tmp_path / "mine.toml"
        path.write_text('[week]\nkind = "persistence"\nlag = 7\n', encoding="utf-8")
        named = choices_from_text("forecaster", f"climatology,persistence(lag=2),{path}")
        assert named == [
            Choice("climatology", "climatology"),
            Choice("persistence(lag=2)", {"kind": "persistence", "lag": 2}),
            Choice("week", {"kind": "persistence", "lag": 7}),
        ]
        assert choices("forecaster", named) == named

    def test_text_is_read_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        read: list[str] = []

        def counting(text: str, kinds: Any) -> Any:
            read.append(text)
            return read_choice(text, kinds)

        monkeypatch.setattr("omnisim.comparison.choices.read_choice", counting)
        choices("forecaster", choices_from_text("forecaster", "climatology, persistence(lag=2)"))
        assert read == ["climatology", "persistence(lag=2)"]

    def test_labels_of_texts_differ(self) -> None:
        with pytest.raises(ScenarioError, match="--forecasters: 'climatology' is given twice"):
            choices_from_text("forecaster", "climatology,climatology")

    @pytest.mark.parametrize(
        ("given_", "said"),
        [
            ([], "give at least one"),
            (["climatology", "climatology"], "'climatology' is given 2 times"),
            ([3], "3 is neither a name, a table with a kind, nor a Forecaster"),
            ([{"lag": 7}], "a table needs a kind"),
            ({"": "climatology"}, "a label must be a text that is not empty"),
        ],
    )
    def test_refuses(self, given_: Any, said: str) -> None:
        with pytest.raises(ScenarioError, match="forecasters: ") as refused:
            choices("forecaster", given_)
        assert said in str(refused.value)

    def test_settings(self) -> None:
        found = settings_from_text(["a.b=1,2", "c=[1, 2],[3]", "d=x, y"])
        assert found == {"a.b": [1, 2], "c": [[1, 2], [3]], "d": ["x", "y"]}
        check_settings(found)
        for bad, said in (("forecaster.kind=a", "use --forecasters"), ("seed=1", "use --seeds"), ("a=1,1", "twice")):
            with pytest.raises(ScenarioError, match=said):
                check_settings(settings_from_text([bad]))
        with pytest.raises(ScenarioError, match="is given twice"):
            settings_from_text(["a=1", "a=2"])
