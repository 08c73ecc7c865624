"""The page of all settings, written from the settings model: `python -m tieout.cli.settings_page`.

A page that is written by hand misses the setting that was added last; a test holds this one to the model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic import AwareDatetime, BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from tieout.config import Config
from tieout.domain.ledger.roles import Role

PAGE = Path("docs/reference/configure.md")
HEAD = """# Settings

One YAML file describes a deployment; `cdk deploy -c config=<file>` and every `tieout` command read the same one. Start
from [config/gift-shop.yaml](../../config/gift-shop.yaml) (two marketplaces, as a seller) or
[config/example-operator.yaml](../../config/example-operator.yaml) (one marketplace, as its operator). An editor that
speaks JSON Schema completes and checks the file with [config/schema.json](../../config/schema.json).

A mistake stops `cdk synth`, `cdk deploy` and the command line with the key, the value and what was expected. A key that
is not on this page is a mistake too. Secrets are never in this file: [deploy.md](../operations/deploy.md) says where
they go.

`<name>` stands for a short name of your choice (lower-case letters, digits and `-`); `[]` for each entry of a list.

<!-- Written by `python -m tieout.cli.settings_page` from layers/common/python/tieout/config.py: change it there. -->
"""
_SHAPES = {
    r"^[a-z][a-z0-9-]{1,30}$": "short name",
    r"^[A-Z]{3}$": "three capital letters",
}
_PLAIN = {
    str: "text",
    int: "whole number",
    float: "number",
    Decimal: "amount",
    bool: "`true` or `false`",
    date: "day",
    Role: "role",
    AwareDatetime: "instant",
}


def settings_page() -> str:
    """The whole page, in the order of the model."""
    return HEAD + "".join(_sections(Config, ""))


def _sections(model: type[BaseModel], prefix: str) -> Iterator[str]:
    yield f"\n## {f'`{prefix}`' if prefix else 'The file'}\n\n{_one_line(model.__doc__)}\n\n"
    yield "| Key | Type | Default | Meaning |\n| --- | --- | --- | --- |\n"
    inner: list[tuple[type[BaseModel], str]] = []
    for name, field in model.model_fields.items():
        key = f"{prefix}.{name}" if prefix else name
        shown, nested = _type(field.annotation, field)
        yield f"| `{key}` | {shown} | {_default(field)} | {_one_line(field.description)} |\n"
        if nested is not None:
            inner.append((nested[0], key + nested[1]))
    for nested_model, nested_prefix in inner:
        yield from _sections(nested_model, nested_prefix)


def _type(annotation: Any, field: FieldInfo | None = None) -> tuple[str, tuple[type[BaseModel], str] | None]:
    """How a person would call the type, and the model inside it with what its keys begin with."""
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return _type(next(each for each in inside if each is not NoneType), field)
    if origin in (dict, tuple):
        value, nested = _type(inside[1] if origin is dict else inside[0])
        many, step = (f"mapping of names to {value}", ".<name>") if origin is dict else (f"list of {value}", "[]")
        return many + _limits(field), nested and (nested[0], f"{step}{nested[1]}")
    if hasattr(annotation, "__metadata__"):
        return _type(annotation.__origin__)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "section below" if field else "sections", (annotation, "")
    plain = " or ".join(f"`{each}`" for each in inside) if origin is Literal else _PLAIN.get(annotation, "instant")
    return plain + _limits(field), None


def _limits(field: FieldInfo | None) -> str:
    told: list[str] = []
    for rule in field.metadata if field else ():
        match rule:
            case Ge(ge=least):
                told.append(f"at least {least}")
            case Gt(gt=above):
                told.append(f"above {above}")
            case Le(le=most):
                told.append(f"at most {most}")
            case Lt(lt=below):
                told.append(f"below {below}")
            case MinLen(min_length=1) if get_origin(field and field.annotation) in (dict, tuple):
                told.append("at least one")
            case _:
                told += [name for shape, name in _SHAPES.items() if getattr(rule, "pattern", None) == shape]
    return f", {' and '.join(told)}" if told else ""


def _default(field: FieldInfo) -> str:
    value = field.default
    if value is PydanticUndefined:
        return "**required**"
    if value is None:
        return "left out"
    if isinstance(value, BaseModel):
        return "as below"
    if value in ((), {}):
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _one_line(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "").strip().replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(settings_page(), encoding="utf-8")
