"""Settings come from environment variables only, and what is wrong with them is said in one sentence."""

from typing import Any, Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableVariable

S = TypeVar("S", bound="ServiceSettings")

_PREFIX = "OMNIFIL_"
_DELIMITER = "__"


class InvalidSettings(Exception):
    """One sentence for each variable that is missing or wrong; values are never repeated, they may be secrets."""


class ServiceSettings(BaseSettings):
    """What every service needs. A field `kafka_bootstrap` is the variable `OMNIFIL_KAFKA_BOOTSTRAP`.

    Nested fields are divided by `__`, lists and mappings are JSON.
    """

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_nested_delimiter=_DELIMITER, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    kafka_bootstrap: str = Field("127.0.0.1:9092", description="the Kafka brokers, host:port[,host:port…]")
    mongo_uri: str = Field("mongodb://127.0.0.1:27017/?replicaSet=rs0", description="the MongoDB replica set's URI")
    mongo_prefix: str = Field("omnifil", description="the beginning of the database names: <prefix>_<name>")
    topic_prefix: str = Field("", description="put before every topic, to isolate one installation from another")
    http_host: str = Field("127.0.0.1", description="the address to listen on")
    http_port: int = Field(ge=0, le=65535, description="the TCP port to listen on (0: a free one)")
    log_format: Literal["json", "console"] = Field("json", description="json or console")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="debug, info, warning or error")
    internal_token: SecretStr = Field(min_length=1, description="the secret that internal APIs ask for")
    otlp_endpoint: str = Field(
        "", description="the base URL of an OpenTelemetry collector (OTLP over HTTP), or nothing: no traces"
    )
    trace_ratio: float = Field(0.1, ge=0, le=1, description="which share of the traces that begin here is kept, 0 to 1")
    shutdown_grace_s: float = Field(20, gt=0, description="seconds that a stop may take before it is forced")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings


def read(settings_type: type[S]) -> S:
    """The settings, from the environment. Raises `InvalidSettings`."""
    try:
        return settings_type()
    except ValidationError as error:
        raise InvalidSettings("\n".join(_sentence(settings_type, each) for each in error.errors())) from None
    except UnreadableVariable as error:
        raise InvalidSettings(_unreadable(settings_type, str(error))) from None


def variable(*path: str) -> str:
    """The environment variable of a field."""
    return _PREFIX + _DELIMITER.join(path).upper()


def _sentence(settings_type: type[BaseSettings], error: ErrorDetails) -> str:
    path = [str(part) for part in error["loc"]]
    # What is inside a list has no variable of its own: the list is one, in JSON.
    own = next((place for place, part in enumerate(error["loc"]) if isinstance(part, int)), len(path))
    name, inside = variable(*path[:own]), ".".join(path[own:])
    wanted = _described(settings_type, error["loc"])
    if inside:
        return f"{name} is wrong at {inside} ({_lower(error['msg'])}): it must give {wanted}."
    if error["type"] == "missing":
        return f"{name} is not set: it must give {wanted}."
    return f"{name} is wrong ({_lower(error['msg'])}): it must give {wanted}."


def _unreadable(settings_type: type[BaseSettings], message: str) -> str:
    """pydantic-settings names the field in quotes when a variable is not the JSON that it should be."""
    for field in settings_type.model_fields:
        if f'"{field}"' in message:
            return f"{variable(field)} is wrong (not valid JSON): it must give {_described(settings_type, (field,))}."
    return f"The settings cannot be read: {message}."


def _described(settings_type: type[BaseSettings], path: tuple[str | int, ...]) -> str:
    field: Any = settings_type.model_fields.get(str(path[0])) if path else None
    for part in path[1:]:
        inner = getattr(field.annotation, "model_fields", {}) if field is not None else {}
        field = inner.get(part, field)
    return (field.description if field is not None else None) or "a valid value"


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]
