"""A synthesised deployment, as the rules look at it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infra.acknowledged import checked_app
from infra.layers import Layer, own_layer
from infra.layers import Target as LayerTarget
from infra.stack import Layers, TieoutStack
from tieout.config import Config

Resource = dict[str, Any]


class Deployed:
    """A template, with the ways in that the tests need."""

    def __init__(self, folder: Path, config: Config) -> None:
        self.config = config
        self.template: dict[str, Any] = json.loads((folder / f"tieout-{config.deployment}.template.json").read_text())
        self.folder = folder

    def of_type(self, kind: str) -> dict[str, Resource]:
        """Resources of a CloudFormation type by logical id, each with its Properties."""
        found = {name: one for name, one in self.template["Resources"].items() if one["Type"] == kind}
        assert found, f"no {kind} in the template: the rule would hold for nothing"
        return found

    def properties(self, kind: str) -> list[dict[str, Any]]:
        """Properties of each resource of a type."""
        return [one.get("Properties", {}) for one in self.of_type(kind).values()]

    @property
    def functions(self) -> dict[str, dict[str, Any]]:
        """Properties of each function by its file's name."""
        return {one["Handler"].removesuffix(".handler"): one for one in self.properties("AWS::Lambda::Function")}

    def logical_id(self, function: str) -> str:
        """Where a function stands in the template."""
        return next(
            name
            for name, one in self.of_type("AWS::Lambda::Function").items()
            if one["Properties"]["Handler"] == f"{function}.handler"
        )

    def may(self, function: str) -> list[dict[str, Any]]:
        """Statements of a function's role."""
        role = self.template["Resources"][self.functions[function]["Role"]["Fn::GetAtt"][0]]["Properties"]
        return [statement for policy in role["Policies"] for statement in policy["PolicyDocument"]["Statement"]]

    def may_call(self, function: str, action: str) -> list[str]:
        """Logical ids (or texts) of the resources that a function may do this to."""
        return [
            ref
            for statement in self.may(function)
            if action in listed(statement["Action"])
            for resource in listed(statement["Resource"])
            for ref in refs(resource)
        ]

    def statements(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every policy statement on resources (who may assume a role is another matter), with where it stands."""
        for name, one in self.template["Resources"].items():
            for document in _documents(one.get("Properties", {})):
                for statement in document["Statement"]:
                    if "Resource" in statement:
                        yield name, statement

    @property
    def alarms(self) -> list[dict[str, Any]]:
        """Properties of each alarm."""
        return self.properties("AWS::CloudWatch::Alarm")


def listed(value: Any) -> list[Any]:
    """CloudFormation's one-or-many as a list."""
    return value if isinstance(value, list) else [value]


def refs(value: Any) -> list[str]:
    """Logical ids that a value refers to; the text itself where it is one."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [found for each in value for found in refs(each)]
    if "Ref" in value:
        return [value["Ref"]]
    if "Fn::GetAtt" in value:
        return [value["Fn::GetAtt"][0]]
    return [found for each in value.values() for found in refs(each)]


def _documents(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "Statement" in value:
            yield value
        for each in value.values():
            yield from _documents(each)
    if isinstance(value, list):
        for each in value:
            yield from _documents(each)


def deploy(config: Config, target: LayerTarget, folder: Path) -> Deployed:
    """Synthesise, with cdk-nag; the third-party layers are stand-ins, since only their digests reach the template."""
    dependencies = folder / "stand-in"
    dependencies.mkdir(parents=True)
    (dependencies / "empty").touch()
    stand_in = Layer(dependencies, "0" * 64)
    app = checked_app(str(folder / "out"))
    TieoutStack(
        app,
        config=config,
        layers=Layers(stand_in, own_layer(config, target), target.machine, stand_in),
    )
    app.synth()
    return Deployed(folder / "out", config)
