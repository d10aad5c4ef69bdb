"""The command line without Julia: verbs, messages, exit codes."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_julia_aot.bench import Evaluation
from jupyter_julia_aot.cli import main
from jupyter_julia_aot.cli.parser import build_parser
from tests.cli.contract import CONTRACT, assert_shaped_like

VERBS = {"doctor", "setup", "demo", "gen", "try", "eval", "build", "run", "builds", "prune", "history"}


def verbs() -> dict[str, argparse.ArgumentParser]:
    parser = build_parser()
    actions = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    return dict(actions[0].choices)


def test_every_verb_of_the_design_exists_and_explains_itself() -> None:
    found = verbs()
    assert set(found) >= VERBS
    for name, parser in found.items():
        options = {o for a in parser._actions for o in a.option_strings}
        assert "--json" in options, name
        assert "--julia" in options, name
        assert parser.description, name
        for action in parser._actions:
            assert action.help or action.choices, f"{name} {action.dest}"


def test_eval_compare_compares(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = Evaluation(tasks={"t": ("failed",), "u": ("passed",)})
    second = Evaluation(tasks={"t": ("passed",), "v": ("passed",)})
    for name, evaluation in (("a", first), ("b", second)):
        (tmp_path / f"{name}.json").write_text(json.dumps(evaluation.to_json()))
    assert main(["eval", "compare", str(tmp_path / "a.json"), str(tmp_path / "b.json")]) == 0
    said = capsys.readouterr().out
    assert "1 tasks in both: A 0.0%, B 100.0%" in said
    assert "only in A:   u" in said
    assert "better in B: t" in said


def test_an_unknown_verb_could_not_run(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["frobnicate"])
    assert ended.value.code == 2
    assert "frobnicate" in capsys.readouterr().err


def test_the_json_of_an_error_says_what_and_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["try", str(tmp_path / "missing.jl"), "--json"]) == 2
    captured = capsys.readouterr()
    value = json.loads(captured.out)
    assert_shaped_like(value, CONTRACT["error"])
    assert "missing.jl" in value["error"]["message"]
    assert "missing.jl" in captured.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gen", "x", "--name", "end"], "'end' is a Julia keyword"),
        (["gen", "x", "--name", "class"], "'class' is a Python keyword"),
        (["gen", "x", "--name", "two words"], "no identifier"),
        (["gen", "x", "--name", "f", "-n", "0"], "samples = 0"),
        (["gen", "x", "--name", "f", "--tests", "nowhere.jl"], "cannot read nowhere.jl"),
        (["build", "nowhere.jl"], "cannot read nowhere.jl"),
        (["prune"], "say what to delete"),
        (["history", "--show", "nothing"], "nothing"),
        (["demo", "--notebook", "nowhere.ipynb"], "no notebook at nowhere.ipynb"),
    ],
)
def test_bad_input_gets_one_clear_message(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert "Traceback" not in captured.err
    assert captured.out == ""


def test_a_directory_without_a_package_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", str(tmp_path)]) == 2
    assert "Project.toml" in capsys.readouterr().err


def test_binary_files_are_not_taken_for_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "binary.jl"
    path.write_bytes(b"\xff\xfe\x00\x01")
    assert main(["try", str(path)]) == 2
    assert "not UTF-8" in capsys.readouterr().err


def test_the_empty_history_is_json_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("JULIA_AOT_DATA_DIR", str(tmp_path))
    assert main(["history", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_the_module_runs_as_a_script() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "jupyter_julia_aot.cli", "--version"], capture_output=True, text=True
    )
    assert ran.returncode == 0
    assert ran.stdout.strip()


def test_help_needs_none_of_the_heavy_libraries() -> None:
    code = (
        "import sys; from jupyter_julia_aot.cli.parser import build_parser; build_parser(); "
        "print([m for m in ('openai', 'numpy', 'IPython', 'juliacall', 'nbclient') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
