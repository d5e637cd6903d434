"""The command line: what it prints, where, and with which exit code."""

import importlib.util
import inspect
import json
import os
import re
import select
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import typer
from scenario_files import ALL_ENTRY_POINT, TOY, omnisim_command, refusal, write_scenario
from typer.testing import CliRunner

import omnisim
from omnisim import run_directory
from omnisim.cli import app
from omnisim.commands import loading
from omnisim.scenario import own_file, registry
from omnisim.scenario.describe import meanings_of
from omnisim.scenario.table_models import parameters

COMMANDS = sorted(str(command.name or command.callback.__name__) for command in app.registered_commands)

SLOW_TO_IMPORT = {"numpy", "pandas", "plotly", "scipy", "simpy", "networkx", "pydantic", "pyarrow", "sklearn", "rich"}


def process(*arguments: object, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 (this interpreter)
        [*ALL_ENTRY_POINT, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, check=False
    )


class TestHelp:
    def test_the_commands(self) -> None:
        assert set(COMMANDS) >= {"run", "report", "validate", "list"}
        shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"})
        assert shown.exit_code == 0
        for command in COMMANDS:
            assert f" {command} " in shown.output
        assert "omnisim run ercot_day_ahead" in shown.output

    @pytest.mark.parametrize("command", COMMANDS)
    def test_every_command_shows_an_example_of_itself(self, command: str) -> None:
        shown = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"})
        assert shown.exit_code == 0
        assert "Example" in shown.output
        assert f"omnisim {command} " in shown.output.partition("Example")[2]

    @pytest.mark.parametrize("command", COMMANDS)
    def test_tables_of_a_scenario_are_not_taken_for_markup(self, command: str) -> None:
        told = typer.main.get_command(app).commands[command]  # type: ignore[attr-defined]
        for text in [told.help, *(option.help for option in told.params)]:
            # What stands in brackets is shown if it is escaped, or is a style.
            assert set(re.findall(r"(?<!\\)\[/?([a-z_]+)\]", text or "")) <= {"bold"}

    def test_no_arguments_say_what_it_answers(self) -> None:
        answer = omnisim_command()
        assert (answer.code, answer.err) == (0, "")
        shown = [line.split() for line in answer.out.splitlines() if line.startswith("    omnisim ")]
        assert {command for _, command, *_ in shown} <= set(COMMANDS)
        assert "    omnisim run ercot_day_ahead\n" in answer.out
        assert "omnisim list" in answer.out

    @pytest.mark.one_in(2)
    @pytest.mark.parametrize("command", [[], *([command] for command in COMMANDS)], ids=str)
    def test_h_is_help(self, command: list[str]) -> None:
        short, long = (CliRunner().invoke(app, [*command, flag], env={"COLUMNS": "200"}) for flag in ("-h", "--help"))
        assert short.exit_code == long.exit_code == 0
        assert short.output == long.output

    @pytest.mark.long
    def test_it_is_a_module(self) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "omnisim", "--version"], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, f"{omnisim.__version__}\n", "")

    def test_exit_codes_on_the_site_are_those_of_the_program(self) -> None:
        told = (Path(__file__).parents[1] / "docs/reference/command-line.md").read_text(encoding="utf-8")
        told = told.partition("## Exit codes")[2]
        assert omnisim.__main__.__doc__ is not None
        codes = re.findall(r"^    (\d+(?:\+n)?) ", omnisim.__main__.__doc__, re.MULTILINE)
        assert len(codes) == 6
        assert re.findall(r"^\| (\d+(?:\+n)?) \|", told, re.MULTILINE) == codes

    @pytest.mark.long
    def test_asks_nothing_slow(self) -> None:
        code = (
            "import sys\nsys.argv = ['omnisim', '--help']\nfrom omnisim.cli import main\n"
            "try:\n    main()\nexcept SystemExit:\n    pass\n"
            "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
        imported = set(done.stderr.split())
        assert "omnisim" in imported
        assert imported & SLOW_TO_IMPORT <= {"rich"}  # typer draws its help with it

    def test_version(self) -> None:
        assert omnisim_command("--version").out == f"{omnisim.__version__}\n"


RANGE = re.compile(r">=? ?\S|[Ii]n [\[(]|at least|\b\d+ to \d|[Ee]ither sign")
"""How meanings say from where to where a number goes."""

UNITS = {"_mw": "MW", "_mwh": "MWh", "hours": "[Hh]our", "price": "money|multiples", "energy_mwh": "MWh"}
"""What the meaning of a parameter with a name that ends so has to say."""


def is_number(parameter: inspect.Parameter) -> bool:
    number = isinstance(parameter.default, int | float) and not isinstance(parameter.default, bool)
    return number or re.search(r"\b(int|float)\b", str(parameter.annotation)) is not None


class TestExitCodes:
    @pytest.mark.whole
    def test_0_when_the_work_is_done_without_a_progress_bar_where_there_is_no_terminal(self, tmp_path: Path) -> None:
        done = process("run", write_scenario(tmp_path), "--out", tmp_path / "out")
        assert (done.returncode, done.stderr) == (0, "")
        *verdict, path = done.stdout.splitlines()
        assert path == str(tmp_path / "out" / "report.html")
        assert len(verdict) == 5

    @pytest.mark.long
    def test_1_for_bad_input(self, tmp_path: Path) -> None:
        done = process("run", write_scenario(tmp_path), "--set", "sed=3")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(f"omnisim: {tmp_path / 'toy.toml'}: sed: unknown key: did you mean 'seed'?")
        assert done.stderr.count("\n") == 1

    @pytest.mark.parametrize(
        "arguments",
        [["rum"], ["run"], ["run", "a", "b"], ["run", "a", "--sed", "3"], ["run", "a", "--seed", "x"], ["validate"]],
    )
    def test_2_for_a_command_line_that_cannot_be_understood(self, arguments: list[str]) -> None:
        answer = omnisim_command(*arguments)
        assert answer.code == 2
        assert answer.out == ""
        assert answer.err.startswith("omnisim: ")
        assert answer.err.count("\n") == 1
        assert re.search(r"[:?] see omnisim( \w+)? -h\n$", answer.err)

    def test_1_when_memory_does_not_suffice(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def simulate(*_: object, **__: object) -> None:
            raise MemoryError("Unable to allocate 7 TiB")

        monkeypatch.setattr(omnisim, "simulate", simulate, raising=False)
        line = refusal("run", write_scenario(tmp_path), "--out", tmp_path / "out")
        assert line == "not enough memory for so many agents and rounds: Unable to allocate 7 TiB"
        assert not (tmp_path / "out").exists()


class TestWhatIsLoaded:
    def test_paths_are_relative_to_where_one_stands(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        paths = ("market.path", "adversary.generator_file", "market.forecast_files.ours.path")
        found = loading.overridden_by([*(f"{key}=given.csv" for key in paths), "name=path", "market.low=3"])
        assert found == dict.fromkeys(paths, str(tmp_path / "given.csv")) | {"name": "path", "market.low": 3}
        assert loading.overridden_by(None) == {}

    def test_options_that_are_given_override(self) -> None:
        assert loading.given(0, None, 9) == {"seed": 0, "horizon": 9}
        assert loading.given(None, 2, None) == {"rounds": 2}

    def test_what_a_file_left_open_is_said(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(own_file, "scenario_of_prices", lambda path, keys: ((path, keys), ["one", "two"]))
        found, choices = loading.load_prices(Path("p.csv"), ["market.low=1"], None, {"seed": 2})
        assert found == (Path("p.csv"), {"market.low": 1, "seed": 2})
        assert choices == ["one", "two"]
        assert capsys.readouterr().err == "omnisim: warning: one\nomnisim: warning: two\n"


class TestRun:
    @pytest.mark.usefixtures("without_pages")
    def test_much_that_is_cut_is_a_warning(self, tmp_path: Path) -> None:
        """Of prices from 10 to 90 on a scale that ends at 65."""
        answer = omnisim_command(
            "run", write_scenario(tmp_path), "--set", "market.high=65", "--rounds", 2, "--out", tmp_path / "out"
        )
        assert answer.code == 0
        assert answer.err.startswith("omnisim: warning: The range from 0 to 65 EUR/MWh, which the theory needs, cuts ")
        assert "is the scenario that was run" not in answer.out

    @pytest.mark.long
    def test_writes_to_a_folder_named_by_scenario_and_digest(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = write_scenario(tmp_path, TOY.replace('"toy"', '"My toy: 2/3"'))
        monkeypatch.chdir(tmp_path)
        digest = omnisim.load_scenario(path, {"seed": 4}).about["digest"]
        folder = Path("reports") / f"My-toy--2-3-{digest}"
        assert omnisim_command("run", "toy.toml", "--seed", 4).out.splitlines()[-1] == str(folder / "report.html")
        assert json.loads((folder / "manifest.json").read_text())["digest"] == digest

    @pytest.mark.long
    def test_a_name_without_letters_still_gives_a_folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write_scenario(tmp_path, TOY.replace('"toy"', '"../.."'))
        monkeypatch.chdir(tmp_path)
        answer = omnisim_command("run", "toy.toml", "--rounds", 2)
        assert answer.out.splitlines()[-1].startswith(str(Path("reports") / "scenario-"))

    @pytest.mark.long
    def test_rounds_and_seed_take_precedence(self, tmp_path: Path) -> None:
        path = write_scenario(tmp_path, "seed = 1\nrounds = 5\n" + TOY)
        arguments = ["--rounds", 3, "--seed", 2, "--set", "rounds=4", "--set", "seed=3", "--out", tmp_path / "out"]
        assert omnisim_command("run", path, *arguments).code == 0
        about = omnisim.load_trace(tmp_path / "out" / "trace.npz").about
        assert (about["rounds"], about["seed"]) == (3, 2)

    @pytest.mark.long
    def test_a_shipped_scenario_by_name(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        answer = omnisim_command("run", "own_prices", "--rounds", 20, "--set", "populations.buyers.agents=2")
        assert answer.code == 0
        assert answer.out.splitlines()[-1].startswith(str(Path("reports") / "own_prices-"))

    @pytest.mark.parametrize(("strict", "code"), [([], 0), (["--strict"], 3)])
    def test_a_violated_certificate_is_said(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, strict: list[str], code: int
    ) -> None:
        analyze = omnisim.analyze

        class Broken:
            def __init__(self, trace: omnisim.Trace) -> None:
                self.whole = analyze(trace)
                self.certificates: pd.DataFrame = self.whole.certificates.copy()
                self.certificates.loc[0, ["measured", "bound", "holds"]] = [2.5, 1.25, False]

            def __getattr__(self, name: str) -> object:
                return getattr(self.whole, name)

        monkeypatch.setattr(omnisim, "analyze", Broken, raising=False)
        monkeypatch.setattr(run_directory, "write_page", lambda *_: None)
        answer = omnisim_command("run", write_scenario(tmp_path), "--out", tmp_path / "out", *strict)
        assert answer.code == code
        assert answer.out.splitlines()[-1] == str(tmp_path / "out" / "report.html")
        assert answer.err.startswith("omnisim: violated: ")
        assert answer.err.endswith(": 2.5 > 1.25\n")
        assert answer.err.count("\n") == 1

    @pytest.mark.long
    def test_strict_says_nothing_when_all_hold(self, tmp_path: Path) -> None:
        answer = omnisim_command("run", write_scenario(tmp_path), "--out", tmp_path / "out", "--strict")
        assert (answer.code, answer.err) == (0, "")


class TestValidate:
    def test_says_what_the_scenario_holds(self, tmp_path: Path) -> None:
        path = write_scenario(tmp_path)
        answer = omnisim_command("validate", path)
        assert (answer.code, answer.err) == (0, "")
        assert answer.out.startswith("toy: valid; 10 rounds; 2 buyers; subsequences all\n")
        assert {file.name for file in tmp_path.iterdir()} == {"toy.toml", "prices.csv"}

    def test_takes_overrides(self, tmp_path: Path) -> None:
        answer = omnisim_command("validate", write_scenario(tmp_path), "--set", "rounds=4", "--set", "name=other")
        assert answer.out.startswith("other: valid; 4 rounds; 2 buyers; subsequences all\n")

    def test_prints_the_json_schema(self) -> None:
        answer = omnisim_command("validate", "--schema")
        assert answer.code == 0
        assert "forecaster" in json.loads(answer.out)["properties"]


class TestList:
    @pytest.mark.parametrize("kind", registry.KINDS)
    def test_every_kind(self, kind: str) -> None:
        answer = omnisim_command("list", kind)
        assert (answer.code, answer.err) == (0, "")
        lines = answer.out.splitlines()
        assert [line.split("  ")[0] for line in lines[::2]] == registry.names(kind)
        assert all(line.startswith("    ") and line.strip() for line in lines[1::2])

    def test_parameters_with_defaults(self) -> None:
        assert "persistence  lag=1\n" in omnisim_command("list", "forecasters").out
        assert (
            "energy_buyers  agents=None  table=None  seed=None  typical_price=45.0"
            in omnisim_command("list", "populations").out
        )

    def test_scenarios(self) -> None:
        out = omnisim_command("list", "scenarios").out
        assert "own_prices\n    Your own prices: point " in out

    def test_without_a_kind_all_of_them(self) -> None:
        lines = omnisim_command("list").out.splitlines()
        for kind in registry.KINDS:
            names = registry.names(kind)
            assert lines[lines.index(kind) + 1] == f"    {len(names)}: {', '.join(names)}"
        assert {"scenarios", "studies"} <= set(lines)

    @pytest.mark.parametrize("kind", registry.KINDS)
    def test_every_parameter_of_ours_is_explained(self, kind: str) -> None:
        for name in registry.KINDS[kind]:
            target = registry.find(kind, name)
            meanings = meanings_of(kind, target)
            for parameter in parameters(target):
                assert meanings.get(parameter.name), f"{kind} {name}: {parameter.name}"

    @pytest.mark.parametrize("kind", registry.KINDS)
    def test_every_number_has_a_range_and_every_quantity_a_unit(self, kind: str) -> None:
        for name in registry.KINDS[kind]:
            target = registry.find(kind, name)
            meanings = meanings_of(kind, target)
            for parameter in parameters(target):
                said, where = meanings[parameter.name], f"{kind} {name}: {parameter.name}"
                assert not re.match(r"(As|See) ", said), f"{where} refers to what the command line does not show"
                if is_number(parameter):
                    assert RANGE.search(said), f"{where} has no range: {said}"
                for ending, unit in UNITS.items():
                    if is_number(parameter) and parameter.name.endswith(ending):
                        assert re.search(unit, said), f"{where} has no unit: {said}"

    def test_a_name_says_what_its_parameters_mean(self) -> None:
        answer = omnisim_command("list", "forecasters", "persistence")
        assert (answer.code, answer.err) == (0, "")
        name, _, lag, meaning, *_ = answer.out.splitlines()
        assert (name, lag) == ("persistence", "lag = 1")
        assert meaning.startswith("    In rounds, >= 1. ")
        assert "path, which must be given\n" in omnisim_command("list", "markets", "entsoe").out
        assert "It has no parameters.\n" in omnisim_command("list", "adversaries", "replay").out

    @pytest.mark.parametrize(("kind", "name"), [("scenarios", "merit_order"), ("studies", "m5")])
    def test_scenarios_and_studies_say_how_to_run_them(self, kind: str, name: str) -> None:
        lines = omnisim_command("list", kind, name).out.splitlines()
        assert lines[0] == name
        assert lines[-1] == f"    omnisim {'run' if kind == 'scenarios' else 'study'} {name}"

    def test_an_unknown_name(self) -> None:
        assert refusal("list", "forecasters", "persistance").startswith(
            "'persistance' is not among the forecasters: did you mean 'persistence'?"
        )

    def test_an_unknown_kind(self) -> None:
        line = refusal("list", "scenario")
        assert line.startswith("there is no kind 'scenario': did you mean 'scenarios'? available: forecasters, ")


@pytest.mark.skipif(os.name != "posix", reason="terminals and signals of POSIX")
class TestTerminal:
    @pytest.mark.whole
    def test_a_progress_bar_where_standard_error_is_a_terminal(self, tmp_path: Path) -> None:
        import pty

        path = write_scenario(tmp_path)
        parent, child = pty.openpty()
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
        run = subprocess.Popen(  # noqa: S603 (this interpreter)
            [*ALL_ENTRY_POINT, "run", str(path), "--out", str(tmp_path / "out")],
            stdout=subprocess.PIPE,
            stderr=child,
            env=environment,
        )
        os.close(child)
        shown = b""
        while True:
            try:
                piece = os.read(parent, 4096)
            except OSError:  # the other end was closed
                break
            if not piece:
                break
            shown += piece
        os.close(parent)
        out, _ = run.communicate(timeout=60)
        assert run.returncode == 0
        assert out.decode().splitlines()[-1] == str(tmp_path / "out" / "report.html")
        assert b"toy" in shown
        assert b"10/10 rounds" in shown

    @pytest.mark.long
    def test_a_reader_that_leaves_early(self) -> None:
        # As `omnisim validate --schema | head -1`.
        run = subprocess.Popen(  # noqa: S603 (this interpreter)
            [*ALL_ENTRY_POINT, "validate", "--schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert run.stdout is not None
        assert run.stderr is not None
        select.select([run.stdout], [], [], 60)
        run.stdout.close()
        said = run.stderr.read()
        run.stderr.close()
        run.wait(timeout=60)
        assert b"Traceback" not in said


def test_the_command_is_installed_as_an_entry_point() -> None:
    from importlib import metadata

    if importlib.util.find_spec("omnisim") is None:
        pytest.skip("omnisim is not installed")
    points = [point for point in metadata.entry_points(group="console_scripts") if point.name == "omnisim"]
    assert {point.value for point in points} == {"omnisim.__main__:main"}


class TestCompletion:
    @pytest.mark.one_in(14)
    @pytest.mark.parametrize(
        ("typed", "offered"),
        [
            ("omnisim va", ["validate", "value"]),
            ("omnisim run merit", ["merit_order"]),
            ("omnisim compare learn", ["learners"]),
            ("omnisim study real", ["real-markets"]),
            ("omnisim list learn", ["learners"]),
            ("omnisim list learners he", ["hedge"]),
            ("omnisim list studies cr", ["crowding"]),
            ("omnisim list nothing x", []),
        ],
    )
    def test_a_shell_is_offered(self, typed: str, offered: list[str]) -> None:
        environment = {
            **os.environ,
            "_OMNISIM_COMPLETE": "complete_bash",
            "COMP_WORDS": typed,
            "COMP_CWORD": str(len(typed.split()) - 1),
        }
        done = subprocess.run(ALL_ENTRY_POINT, capture_output=True, text=True, env=environment, check=False)  # noqa: S603
        assert sorted(done.stdout.split()) == offered
        assert done.stderr == ""


class TestOpen:
    @pytest.mark.long
    @pytest.mark.parametrize("found", [True, False])
    def test_the_page_is_shown(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: bool) -> None:
        asked: list[str] = []
        monkeypatch.setattr("webbrowser.open", lambda url: asked.append(url) or found)
        out = tmp_path / "out"
        answer = omnisim_command("run", write_scenario(tmp_path), "--out", out, "--open")
        page = out / "report.html"
        assert answer.code == 0
        assert answer.out.splitlines()[-1] == str(page)
        assert asked == [page.as_uri()]
        warned = f"omnisim: warning: no browser was found to open {page} in\n"
        assert (warned in answer.err) is not found

    def test_of_every_command_that_writes_a_page(self) -> None:
        for command in ("run", "compare", "value", "study", "report"):
            assert "--open" in CliRunner().invoke(app, [command, "-h"], env={"COLUMNS": "200"}).output


def test_what_an_option_means_is_written_once() -> None:
    """Options of several commands are in omnisim.commands.options, and are the same in all of them."""
    folder = Path(omnisim.__file__).parent / "commands"
    told = [text for path in folder.glob("*.py") for text in re.findall(r'help=r?"([^"]+)"', path.read_text("utf-8"))]
    assert len(told) > 30
    assert sorted({text for text in told if told.count(text) > 1}) == []


@pytest.mark.parametrize("command", ["run", "validate"])
def test_the_scenario_may_be_left_out(command: str) -> None:
    usage = CliRunner().invoke(app, [command, "-h"], env={"COLUMNS": "200"}).output
    assert "[OPTIONS] [SCENARIO]" in usage
    assert "[[SCENARIO]]" not in usage
