"""One source of settings: the traits, JupyterLab's schema and the file that the magics read."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from jupyter_julia_aot.server import settings_file
from jupyter_julia_aot.server.validate import RequestError
from jupyter_julia_aot.settings import JuliaAot, config_file

SCHEMA = Path(__file__).parents[2] / "labextension" / "schema" / "plugin.json"


@pytest.fixture(autouse=True)
def own_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "config"))


def test_the_committed_schema_is_the_one_the_settings_give() -> None:
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == settings_file.schema(), (
        "run: python -m jupyter_julia_aot.server.settings_file > labextension/schema/plugin.json"
    )


def test_every_setting_has_a_help_text_and_a_type() -> None:
    for name, entry in settings_file.schema()["properties"].items():
        assert entry["description"], name
        assert entry["type"], name


def test_what_is_written_is_what_a_new_kernel_reads() -> None:
    settings_file.write({"samples": 3, "temperature": 0.5, "base_url": "http://localhost:1/v1"})
    fresh = JuliaAot()
    assert (fresh.samples, fresh.temperature, fresh.base_url) == (3, 0.5, "http://localhost:1/v1")
    assert fresh.origin("samples") == str(config_file())
    settings_file.write({"samples": None})
    assert JuliaAot().samples == JuliaAot.samples.default_value


def test_one_wrong_value_writes_nothing() -> None:
    with pytest.raises(RequestError) as refused:
        settings_file.write({"samples": 4, "sandbox": "off"})
    assert refused.value.field == "sandbox"
    assert not config_file().exists()


def test_the_api_key_is_written_for_the_user_only_and_never_sent_back() -> None:
    answer = settings_file.write({"api_key": "sk-secret"})
    assert "sk-secret" not in json.dumps(answer)
    assert JuliaAot().api_key == "sk-secret"
    assert stat.S_IMODE(config_file().stat().st_mode) == 0o600


def test_a_broken_settings_file_is_named_and_kept() -> None:
    config_file().parent.mkdir(parents=True)
    config_file().write_text("{broken", encoding="utf-8")
    with pytest.raises(RequestError, match="cannot be read"):
        settings_file._file()
    assert config_file().read_text(encoding="utf-8") == "{broken"
