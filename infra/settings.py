"""Read a deployment's settings, and the twins' addresses where it is a deployment of the local run."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from tieout.config import Config, ConfigError, config_from, read_config


def settings(config: Path, sandbox: Path | None = None) -> Config:
    """Read the settings; `sandbox` is a JSON file that becomes their `sandbox` before they are checked.

    Raises ConfigError, which names each key, its value and what was expected.
    """
    if sandbox is None:
        return read_config(config)
    try:
        data = yaml.safe_load(config.read_text(encoding="utf-8"))
        twins = json.loads(sandbox.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigError(f"{config} and {sandbox} cannot be read: {error}") from error
    if not isinstance(data, dict):
        return config_from(data, str(config))
    return config_from({**data, "sandbox": twins}, f"{config} with {sandbox}")
