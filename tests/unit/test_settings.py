"""The nearest pyproject.toml sets, the environment wins, every mistake is told at once."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from nbnodes.errors import SettingsError
from nbnodes.settings import Settings

KNOWN = (
    "engine, workers, cache, cache_size_bytes, durability, timeout_s, cell_timeout_s, "
    "output_size_bytes"
)


def load(folder: Path, **environ: str) -> Settings:
    return Settings.load(str(folder), environ)


def write(folder: Path, text: str) -> Path:
    path = folder / "pyproject.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(folder: Path, **environ: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load(folder, **environ)
    return caught.value.problems


def test_without_file_and_environment_the_defaults_hold(tmp_path):
    assert Settings() == load(tmp_path)


def test_settings_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().engine = "fork"


def test_the_file_sets(tmp_path):
    write(
        tmp_path,
        """[tool.nbnodes]
        engine = "inprocess"
        workers = 3
        cache = ":memory:"
        cache_size_bytes = 5_000
        durability = "full"
        timeout_s = 2
        output_size_bytes = 0
        """,
    )
    expected = Settings(
        engine="inprocess",
        workers=3,
        cache=":memory:",
        cache_size_bytes=5000,
        durability="full",
        timeout_s=2.0,
        output_size_bytes=0,
    )
    loaded = load(tmp_path)
    assert expected == loaded
    assert isinstance(loaded.timeout_s, float)


def test_the_environment_sets_and_wins(tmp_path):
    write(tmp_path, "[tool.nbnodes]\nworkers = 3\ntimeout_s = 9")
    loaded = load(tmp_path, NBNODES_WORKERS="5", NBNODES_ENGINE="papermill", OTHER="1")
    assert (loaded.engine, loaded.workers, loaded.timeout_s) == ("papermill", 5, 9.0)


def test_the_process_environment_and_folder_are_meant_when_none_are_named(tmp_path, monkeypatch):
    write(tmp_path, "[tool.nbnodes]\nworkers = 3")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NBNODES_ENGINE", "inprocess")
    loaded = Settings.load()
    assert (loaded.engine, loaded.workers) == ("inprocess", 3)


def test_the_nearest_file_with_a_table_holds(tmp_path):
    inner = tmp_path / "project" / "notebooks"
    inner.mkdir(parents=True)
    write(tmp_path, "[tool.nbnodes]\nworkers = 3")
    write(tmp_path / "project", "[tool.ruff]\n# no nbnodes here\n")
    assert load(inner).workers == 3
    write(inner, "[tool.nbnodes]\nworkers = 4")
    assert load(inner).workers == 4


def test_an_empty_table_still_ends_the_search(tmp_path):
    inner = tmp_path / "project"
    inner.mkdir()
    write(tmp_path, "[tool.nbnodes]\nworkers = 3")
    write(inner, "[tool.nbnodes]\n")
    assert Settings() == load(inner)


def test_a_broken_file_that_does_not_speak_of_nbnodes_is_not_read(tmp_path):
    write(tmp_path, "[tool.other\n")
    assert Settings() == load(tmp_path)


CACHES = {
    "relative": ("results", "{folder}/results"),
    "absolute": ("/var/results", "/var/results"),
    "home": ("~/results", os.path.expanduser("~/results")),
    "memory": (":memory:", ":memory:"),
    "off": ("off", "off"),
    "the_users": ("", ""),
}


@pytest.mark.parametrize(("written", "meant"), CACHES.values(), ids=CACHES)
def test_a_cache_folder_is_read_from_where_it_is_written(tmp_path, written, meant):
    inner = tmp_path / "inner"
    inner.mkdir()
    write(tmp_path, f'[tool.nbnodes]\ncache = "{written}"')
    assert meant.format(folder=tmp_path) == load(inner).cache


def test_a_cache_folder_in_the_environment_is_taken_as_given(tmp_path):
    write(tmp_path, '[tool.nbnodes]\ncache = "results"')
    assert load(tmp_path, NBNODES_CACHE="elsewhere").cache == "elsewhere"


WRONG_VALUES = {
    "text_for_a_number": ("workers", '"many"', "'many': expected int"),
    "a_fraction_for_a_count": ("workers", "2.5", "2.5: expected int"),
    "infinitely_many": ("workers", "inf", "inf: expected int"),
    "none_at_all": ("workers", "0", "0: expected 1 or more"),
    "a_flag": ("workers", "true", "True: expected int"),
    "a_list": ("workers", "[1]", "[1]: expected int"),
    "a_number_for_text": ("engine", "3", "3: expected text"),
    "another_word": ("durability", '"never"', '\'never\': expected "normal" or "full"'),
    "negative": ("timeout_s", "-1", "-1: expected 0 or more"),
    "not_a_number": ("timeout_s", "nan", "nan: expected 0 or more"),
    "text_for_seconds": ("timeout_s", '"soon"', "'soon': expected float"),
    "negative_size": ("cache_size_bytes", "-5", "-5: expected 0 or more"),
    "negative_output": ("output_size_bytes", "-5", "-5: expected 0 or more"),
}


@pytest.mark.parametrize(("name", "value", "problem"), WRONG_VALUES.values(), ids=WRONG_VALUES)
def test_a_wrong_value_is_told_with_its_place(tmp_path, name, value, problem):
    path = write(tmp_path, f"[tool.nbnodes]\n{name} = {value}")
    assert problems(tmp_path) == (f"{path}: tool.nbnodes.{name} = {problem}",)


def test_every_mistake_is_told_at_once(tmp_path):
    path = write(tmp_path, '[tool.nbnodes]\nworkers = 0\nengin = "fork"')
    assert problems(tmp_path, NBNODES_TIMEOUT_S="soon") == (
        f"{path}: tool.nbnodes.workers = 0: expected 1 or more",
        f"{path}: tool.nbnodes.engin: no such setting (known: {KNOWN})",
        "NBNODES_TIMEOUT_S = 'soon': expected float",
    )


@pytest.mark.parametrize("name", ["load", "__class__", "nbnodes"])
def test_only_fields_are_settings(tmp_path, name):
    path = write(tmp_path, f"[tool.nbnodes]\n{name} = 1")
    expected = f"{path}: tool.nbnodes.{name}: no such setting (known: {KNOWN})"
    assert problems(tmp_path) == (expected,)


def test_digits_of_a_large_whole_number_are_kept(tmp_path):
    assert load(tmp_path, NBNODES_CACHE_SIZE_BYTES="9007199254740993").cache_size_bytes == 2**53 + 1


BROKEN = {
    "no_toml": ("[tool.nbnodes\n", "Expected ']'"),
    "no_table": ("[tool]\nnbnodes = 5", "tool.nbnodes: expected a table"),
    "a_list_of_tables": ("[[tool.nbnodes]]\nworkers = 1", "tool.nbnodes: expected a table"),
}


@pytest.mark.parametrize(("text", "problem"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_named(tmp_path, text, problem):
    path = write(tmp_path, text)
    (told,) = problems(tmp_path)
    assert told.startswith(f"{path}: {problem}")


def test_a_tool_that_is_no_table_sets_nothing(tmp_path):
    write(tmp_path, 'tool = "nbnodes"')
    assert Settings() == load(tmp_path)


def test_a_file_that_is_not_utf_8_is_named(tmp_path):
    path = tmp_path / "pyproject.toml"
    path.write_bytes(b'[tool.nbnodes]\nengine = "\xff"')
    (told,) = problems(tmp_path)
    assert told.startswith(f"{path}: 'utf-8' codec can't decode")


def test_a_variable_that_sets_nothing_is_told(tmp_path):
    expected = f"NBNODES_ENGIN: no such setting (known: {KNOWN})"
    assert problems(tmp_path, NBNODES_ENGIN="kernel") == (expected,)


def test_a_servers_token_in_the_environment_is_no_setting_and_no_mistake(tmp_path):
    assert Settings.load(str(tmp_path), {"NBNODES_TOKEN": "sesame"}) == Settings()
