from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from footfall.config import SecretFile, Section, changed_keys, check, load, read_secret
from footfall.errors import ConfigError


class Inner(Section):
    port: int = 1
    file: Path | None = None


class Outer(Section):
    name: str
    folder: Path = Path("state")
    inner: Inner = Inner()
    many: tuple[Inner, ...] = ()


def written(folder: Path, text: str) -> Path:
    path = folder / "x.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_read_and_its_paths_start_at_its_folder(tmp_path: Path) -> None:
    path = written(tmp_path, 'name = "a"\n[inner]\nfile = "/etc/x"\n[[many]]\nfile = "y"\n')
    config = load(path, Outer, "X", {})
    assert (config.name, config.folder, config.inner.file) == ("a", tmp_path / "state", Path("/etc/x"))
    assert config.many[0].file == tmp_path / "y"


def test_the_mark_that_editors_put_before_utf_8_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "f.toml"
    path.write_bytes(codecs.BOM_UTF8 + b'name = "a"\r\n')
    assert load(path, Outer, "X", {}).name == "a"
    (tmp_path / "secret").write_bytes(codecs.BOM_UTF8 + b"s3cret\r\n")
    assert read_secret(tmp_path / "secret") == b"s3cret"


def test_the_environment_overrides_the_file_and_makes_sections(tmp_path: Path) -> None:
    path = written(tmp_path, 'name = "a"\n')
    environment = {"X__NAME": "b", "X__INNER__PORT": "7", "X_OTHER": "1", "Y__NAME": "c"}
    config = load(path, Outer, "X", environment)
    assert (config.name, config.inner.port) == ("b", 7)


def test_every_mistake_is_named_with_file_and_key(tmp_path: Path) -> None:
    path = written(tmp_path, 'nam = "a"\n[inner]\nport = "x"\n[[many]]\nport = 1.5\n')
    with pytest.raises(ConfigError) as refused:
        load(path, Outer, "X", {})
    lines = str(refused.value).splitlines()
    assert {line.split(": ")[1] for line in lines} == {"name", "nam", "inner.port", "many.0.port"}
    assert all(line.startswith(f"{path}: ") for line in lines)
    assert "(given: 'x')" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"), [("name = ", "not TOML"), ("name = 1\nname = 2", "not TOML"), ("", "name: Field required")]
)  # fmt: skip
def test_what_is_no_configuration_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load(written(tmp_path, text), Outer, "X", {})


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        load(tmp_path / "none.toml", Outer, "X", {})
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path, Outer, "X", {})
    (tmp_path / "x.toml").write_bytes(b"name = '\xff'")
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "x.toml", Outer, "X", {})


def test_a_variable_cannot_make_a_section_of_a_value(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="X__NAME__PORT"):
        load(written(tmp_path, 'name = "a"'), Outer, "X", {"X__NAME__PORT": "1"})


def test_values_that_are_no_table_are_refused() -> None:
    with pytest.raises(ConfigError, match="here: the file"):
        check([1], Outer, "here")


def test_a_secret_is_read_without_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"abc\r\n")
    assert read_secret(tmp_path / "token") == b"abc"
    (tmp_path / "token").write_bytes(b"\n")
    with pytest.raises(ConfigError, match="empty"):
        read_secret(tmp_path / "token")
    with pytest.raises(ConfigError, match="No such file"):
        read_secret(tmp_path / "none")


def test_a_home_folder_that_nobody_has_is_a_mistake_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(path: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", none)
    with pytest.raises(ConfigError, match="no home folder"):
        load(written(tmp_path, 'name = "a"\nfolder = "~/state"\n'), Outer, "X", {})


def test_a_secret_is_read_again_when_its_file_changes_and_kept_while_that_is_broken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "secret"
    with pytest.raises(ConfigError, match="cannot be read"):
        SecretFile(path)
    path.write_text("one")
    secret = SecretFile(path)
    assert secret.current() == b"one"
    path.write_text("")
    assert [secret.current(), secret.current()] == [b"one", b"one"]
    assert [record.message for record in caplog.records] == [f"{path}: the secret is empty; the one before is used"]
    path.unlink()
    assert secret.current() == b"one"
    (tmp_path / "new").write_text("two\n")
    (tmp_path / "new").rename(path)
    assert secret.current() == b"two"


def test_changed_keys_are_named_with_their_sections() -> None:
    class Other(Inner):
        pass

    before = Outer(name="a")
    assert changed_keys(before, Outer(name="a")) == []
    assert changed_keys(before, Outer(name="b", inner=Inner(port=2), many=(Inner(),))) == ["name", "inner.port", "many"]
    assert changed_keys(before, Outer(name="a").model_copy(update={"inner": Other()})) == ["inner"], "another kind of section"
