"""What JSON a method takes, said once: by the annotations of a frozen record.

From them come the check of what arrives (`Reader`), the schema that agents read (`json_schema`), and the reference in
docs/api.md. An annotation is a plain type, a Literal, a tuple of one type, a Mapping of names to one, any of these or
None, or a Scalar; it may carry words and bounds: `Annotated[int, "how many", Bounds(1, 100)]`.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from functools import cache
from typing import Annotated, Any, Final, Literal, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

from beamlike.kernel.record import frozen
from notebook_tui.api.errors import ApiError
from notebook_tui.widgets.views import Scalar

T = TypeVar("T")
Read: TypeAlias = Callable[[Any, str], Any]


@frozen
class Bounds:
    """Of a number; of a text or a list, of its length."""

    low: float
    high: float


@frozen
class Parameter:
    name: str
    kind: Any
    """Its type, without words and bounds."""
    says: str
    bounds: Bounds | None
    required: bool
    default: Any


@cache
def parameters(record: Any) -> tuple[Parameter, ...]:
    """
    >>> @frozen
    ... class Page:
    ...     limit: Annotated[int, "how many", Bounds(1, 100)] = 20
    >>> parameters(Page)[0].says, parameters(Page)[0].default
    ('how many', 20)
    """
    hints = get_type_hints(record, include_extras=True)
    return tuple(_parameter(field, hints[field.name]) for field in fields(record))


def _parameter(field: Field[Any], hint: Any) -> Parameter:
    extras = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    kind = get_args(hint)[0] if extras else hint
    says = next((each for each in extras if isinstance(each, str)), "")
    bounds = next((each for each in extras if isinstance(each, Bounds)), None)
    return Parameter(field.name, kind, says, bounds, field.default is MISSING, field.default)


def read(record: type[T], plain: object) -> T:
    """The record that the JSON object holds. `ApiError` in words where it holds none.

    >>> @frozen
    ... class Page:
    ...     limit: Annotated[int, "how many", Bounds(1, 100)] = 20
    >>> read(Page, {"limit": 5})
    Page(limit=5)
    >>> read(Page, {"limt": 5})
    Traceback (most recent call last):
    notebook_tui.api.errors.ApiError: there is no parameter limt; expected limit
    """
    known: tuple[Parameter, ...] = parameters(record)  # type: ignore[arg-type]
    if not isinstance(plain, dict):
        raise ApiError("params", f"expected the parameters as an object by name, got {_called(plain)}")
    names = [each.name for each in known]
    for name in plain:
        if name not in names:
            expected = f"expected {', '.join(names)}" if names else "expected none"
            raise ApiError("params", f"there is no parameter {_short(name)}; {expected}")
    given = {}
    for each in known:
        if each.name in plain:
            given[each.name] = _read(each, plain[each.name])
        elif each.required:
            raise ApiError("params", f"the parameter {each.name} is missing: {each.says}")
    return record(**given)


def _read(parameter: Parameter, value: object) -> Any:
    found = _value(parameter.kind, value, parameter.name)
    bounds = parameter.bounds
    if bounds is not None and found is not None:
        size = len(found) if isinstance(found, str | tuple) else found
        if not bounds.low <= size <= bounds.high:
            what = "a length" if isinstance(found, str | tuple) else "a number"
            raise ApiError(
                "params", f"{parameter.name}: expected {what} from {bounds.low:g} to {bounds.high:g}, got {size}"
            )
    return found


def _value(kind: Any, value: object, name: str) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if kind == Scalar:
        return _scalar(value, name)
    if origin in (Union, types.UnionType):
        inner = [each for each in arguments if each is not types.NoneType]
        return None if value is None else _value(inner[0], value, name)
    if origin is Literal:
        if any(value == each and type(value) is type(each) for each in arguments):
            return value
        raise ApiError("params", f"{name}: expected one of {', '.join(arguments)}, got {_called(value)}")
    if origin is tuple:
        if not isinstance(value, list):
            raise ApiError("params", f"{name}: expected a list, got {_called(value)}")
        return tuple(_value(arguments[0], each, f"{name}[{index}]") for index, each in enumerate(value))
    if origin is Mapping:
        if not isinstance(value, dict):
            raise ApiError("params", f"{name}: expected an object, got {_called(value)}")
        return {key: _value(arguments[1], each, f"{name}.{_short(key)}") for key, each in value.items()}
    if kind is float and type(value) is int:
        return _as_float(value, name)
    if kind is int and type(value) is float and value.is_integer():
        return int(value)  # JSON tells no 1.0 from 1
    if type(value) is not kind:
        raise ApiError("params", f"{name}: expected {_WORDS[kind]}, got {_called(value)}")
    return _checked_text(value, name) if isinstance(value, str) else value


def _scalar(value: object, name: str) -> Scalar:
    match value:
        case str():
            return _checked_text(value, name)
        case None | bool() | int():
            return value
        case float() if math.isfinite(value):
            return value
        case _:
            raise ApiError("params", f"{name}: expected {_SCALAR}, got {_called(value)}")


def _checked_text(value: str, name: str) -> str:
    if _is_no_text(value):
        raise ApiError("params", f"{name}: expected text, got a half of a surrogate pair in it")
    return value


def _as_float(value: int, name: str) -> float:
    try:
        return float(value)
    except OverflowError:
        raise ApiError("params", f"{name}: expected a number of a sensible size") from None


_WORDS: Mapping[Any, str] = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
_SCALAR: Final = "text, a number, true, false or null"
_JSON: Mapping[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}


def _is_no_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return True
    return False


def _called(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case dict():
            return "an object"
        case list():
            return "a list"
        case _:
            return _short(repr(value))


def _short(text: str) -> str:
    text = ascii(text)[1:-1] if not text.isprintable() else text
    return text if len(text) <= 60 else f"{text[:60]}…"


def json_schema(record: type) -> dict[str, Any]:
    """As JSON Schema says it.

    >>> @frozen
    ... class Page:
    ...     limit: Annotated[int, "how many", Bounds(1, 100)] = 20
    >>> json_schema(Page)["properties"]["limit"]
    {'type': 'integer', 'description': 'how many', 'minimum': 1, 'maximum': 100, 'default': 20}
    """
    known = parameters(record)
    return {
        "type": "object",
        "properties": {each.name: _property(each) for each in known},
        "required": [each.name for each in known if each.required],
        "additionalProperties": False,
    }


def _property(parameter: Parameter) -> dict[str, Any]:
    schema = _schema(parameter.kind)
    if parameter.says:
        schema["description"] = parameter.says
    if parameter.bounds is not None:
        low, high = _bound_names(schema)
        schema[low], schema[high] = _whole(parameter.bounds.low), _whole(parameter.bounds.high)
    if not parameter.required and parameter.default not in (None, ()):
        schema["default"] = parameter.default
    return schema


def _bound_names(schema: Mapping[str, Any]) -> tuple[str, str]:
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if "string" in kinds:
        return "minLength", "maxLength"
    return ("minItems", "maxItems") if "array" in kinds else ("minimum", "maximum")


def _whole(number: float) -> float:
    return int(number) if float(number).is_integer() else number


def _schema(kind: Any) -> dict[str, Any]:
    origin, arguments = get_origin(kind), get_args(kind)
    if kind == Scalar:
        return {"type": ["string", "number", "boolean", "null"]}
    if origin in (Union, types.UnionType):
        inner = _schema(next(each for each in arguments if each is not types.NoneType))
        if "enum" in inner:
            inner["enum"] = [*inner["enum"], None]
        return {**inner, "type": [inner["type"], "null"]}
    if origin is Literal:
        return {"type": "string", "enum": list(arguments)}
    if origin is tuple:
        return {"type": "array", "items": _schema(arguments[0])}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": _schema(arguments[1])}
    return {"type": _JSON[kind]}


def type_words(kind: Any) -> str:
    """For people.

    >>> type_words(tuple[str, ...]), type_words(int | None), type_words(Literal["a", "b"])
    ('list of text', 'whole number or null', '`a` or `b`')
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if kind == Scalar:
        return _SCALAR.replace(" a ", " ")
    if origin in (Union, types.UnionType):
        return f"{type_words(next(each for each in arguments if each is not types.NoneType))} or null"
    if origin is Literal:
        return " or ".join(f"`{each}`" for each in arguments)
    if origin is tuple:
        return f"list of {type_words(arguments[0])}"
    if origin is Mapping:
        return f"object of {type_words(arguments[1])}"
    return _WORDS[kind].removeprefix("a ")
