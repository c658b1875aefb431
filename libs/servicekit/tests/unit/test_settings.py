import pytest
from omnifil_servicekit.settings import InvalidSettings, ServiceSettings, read
from pydantic import BaseModel, Field, SecretStr

REQUIRED = {"OMNIFIL_HTTP_PORT": "7115", "OMNIFIL_INTERNAL_TOKEN": "between-us"}


class Mailbox(BaseModel):
    host: str = Field(description="the IMAP server")
    password: SecretStr = Field(min_length=3)


class Window(BaseModel):
    days: int = Field(30, description="how many days a customer's dossier stays live")


class Settings(ServiceSettings):
    mailboxes: list[Mailbox] = Field(default=[], description="mailboxes as a JSON list")
    window: Window = Window()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in REQUIRED.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_settings_are_read_from_prefixed_variables(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("OMNIFIL_MAILBOXES", '[{"host": "imap.shop.test", "password": "secret"}]')
    environment.setenv("OMNIFIL_WINDOW__DAYS", "7")
    settings = read(Settings)
    assert settings.http_port == 7115
    assert settings.mailboxes[0].host == "imap.shop.test"
    assert settings.window.days == 7
    assert settings.shutdown_grace_s == 20


def test_no_file_beside_the_environment_is_read(environment: pytest.MonkeyPatch, tmp_path: object) -> None:
    environment.chdir(str(tmp_path))
    with open(".env", "w") as file:
        file.write("OMNIFIL_MONGO_PREFIX=from-a-file\n")
    assert read(Settings).mongo_prefix == "omnifil"


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("OMNIFIL_HTTP_PORT", None, "OMNIFIL_HTTP_PORT is not set: it must give the TCP port to listen on"),
        ("OMNIFIL_HTTP_PORT", "http", "OMNIFIL_HTTP_PORT is wrong (input should be a valid integer"),
        ("OMNIFIL_HTTP_PORT", "70000", "OMNIFIL_HTTP_PORT is wrong (input should be less than or equal to 65535)"),
        ("OMNIFIL_INTERNAL_TOKEN", "", "OMNIFIL_INTERNAL_TOKEN is wrong"),
        ("OMNIFIL_LOG_FORMAT", "xml", "OMNIFIL_LOG_FORMAT is wrong (input should be 'json' or 'console')"),
        ("OMNIFIL_WINDOW__DAYS", "a week", "OMNIFIL_WINDOW__DAYS is wrong (input should be a valid integer"),
        ("OMNIFIL_MAILBOXES", "imap.shop.test", "OMNIFIL_MAILBOXES is wrong (not valid JSON): it must give mailboxes"),
        ("OMNIFIL_MAILBOXES", '[{"password": "abc"}]', "OMNIFIL_MAILBOXES is wrong at 0.host (field required)"),
    ],
)
def test_a_wrong_setting_is_one_sentence_that_names_its_variable(
    environment: pytest.MonkeyPatch, variable: str, value: str | None, sentence: str
) -> None:
    if value is None:
        environment.delenv(variable)
    else:
        environment.setenv(variable, value)
    with pytest.raises(InvalidSettings) as raised:
        read(Settings)
    said = str(raised.value)
    assert said.startswith(sentence)
    assert "\n" not in said
    assert said.endswith(".")


def test_every_wrong_variable_has_its_own_line(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("OMNIFIL_HTTP_PORT")
    environment.delenv("OMNIFIL_INTERNAL_TOKEN")
    with pytest.raises(InvalidSettings) as raised:
        read(Settings)
    assert [line.split()[0] for line in str(raised.value).splitlines()] == list(REQUIRED)


def test_values_are_never_repeated(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("OMNIFIL_MAILBOXES", '[{"host": 5, "password": "pw"}]')
    with pytest.raises(InvalidSettings) as raised:
        read(Settings)
    assert "pw" not in str(raised.value).replace("password", "")
    environment.delenv("OMNIFIL_MAILBOXES")
    assert "between-us" not in repr(read(Settings))
