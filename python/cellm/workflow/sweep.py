"""The studies of a sweep: plans, jobs, and a table of all results. Needs nothing but Python.

The workflow imports this file from its own folder, so that Snakemake may live in an environment
without the package.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Config = Mapping[str, Any]
Job = dict[str, Any]

#: Keys of a configuration; those from "texts" on may also be given for one model.
KEYS = ("models", "output", "cellm", "split", "threads", "texts", "formats", "files", "options")
COLUMNS = (
    "model", "format", "text", "file_bytes", "bits_per_weight", "predictions", "perplexity",
    "kld_mean", "top1", "tokens_per_second", "judgement",
)  # fmt: skip


class SweepError(Exception):
    """A configuration that makes no sweep."""


@dataclass(frozen=True)
class Study:
    """One model of the sweep."""

    plan: Path  #: the file of the plan
    jobs: dict[str, Job]  #: by name


def _words(name: str, value: object) -> list[str]:
    """An option of ``cellm study``; a list repeats it, True is a flag."""
    if value is True:
        return [name]
    if value is False or value is None:
        return []
    if isinstance(value, (list, tuple)):
        return [word for item in value for word in _words(name, item)]
    return [name, str(value)]


def plan_command(config: Config, model: str) -> list[str]:
    """The command that prints the plan of a model's study."""
    entry = config["models"][model]
    own: Config = {"source": entry} if isinstance(entry, str) else entry
    unknown = (set(config) - set(KEYS)) | (set(own) - {"source", *KEYS[5:]})
    if unknown:
        raise SweepError(f"unknown in the configuration: {', '.join(sorted(unknown))}")
    if "source" not in own:
        raise SweepError(f"the model {model} has no source")
    study = {**config, **own, "options": {**config.get("options", {}), **own.get("options", {})}}
    formats = study.get("formats")
    command = [
        str(config.get("cellm", "cellm")), "study", "--source", str(study["source"]),
        "--output", os.path.join(config["output"], model),
        *_words("--text", study.get("texts", [])),
        *_words("--formats", ",".join(formats) if formats else None),
        *_words("--file", study.get("files", [])),
        *_words("--split", study.get("split")),
        *_words("--threads", study.get("threads", 1)),
    ]  # fmt: skip
    for name, value in study["options"].items():
        command += _words(f"--{name}", value)
    return [*command, "--plan"]


def _plan(config: Config, model: str) -> str:
    command = plan_command(config, model)
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise SweepError(f"{' '.join(command)}: exit code {done.returncode}")
    return done.stdout


def read_studies(config: Config, refresh: bool) -> dict[str, Study]:
    """The studies by name. With refresh their plans are made anew, else read: the processes that
    run single jobs leave them as they are."""
    for key in ("models", "output"):
        if not config.get(key):
            raise SweepError(f"the configuration has no {key}")
    studies = {}
    for model in config["models"]:
        path = Path(config["output"], model, "plan.json")
        if refresh:
            text = _plan(config, model)
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_suffix(".tmp")
            temporary.write_text(text)
            temporary.replace(path)
        jobs = json.loads(path.read_text())["jobs"]
        for job in jobs:
            job["command"][0] = str(config.get("cellm", "cellm"))
        studies[model] = Study(path, {job["name"]: job for job in jobs})
    return studies


def remove_stale(studies: Mapping[str, Study]) -> None:
    """Removes results of steps under other keys than the plan's, which a workflow system would
    take for results if it did not see their job end."""
    for study in studies.values():
        for job in study.jobs.values():
            if not job["done"] and job["kind"] != "report":
                for output in job["outputs"]:
                    Path(output).unlink(missing_ok=True)


def run_job(program: str, plan: str, name: str) -> int:
    """Runs a job of a plan. Returns its exit code."""
    jobs = {job["name"]: job for job in json.loads(Path(plan).read_text())["jobs"]}
    return subprocess.run([program, *jobs[name]["command"][1:]]).returncode


def rows_of(model: str, study: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """The results of a study (study.json): for each format those on all texts, then on each."""
    for entry in study["formats"]:
        of_format = {
            "model": model,
            "format": entry["name"],
            "file_bytes": entry["file_bytes"],
            "bits_per_weight": entry["bits_per_weight"],
            "tokens_per_second": entry.get("speed", {}).get("decode_tokens_per_second"),
            "judgement": entry["judgement"],
        }
        evaluation = entry["evaluation"]
        for text in [{"file": "all", **evaluation}, *evaluation["texts"]]:
            yield (
                of_format
                | {"text": text["file"]}
                | {
                    key: text[key]
                    for key in ("predictions", "perplexity", "kld_mean", "top1")
                    if key in text
                }
            )


def write_table(output: str, studies: list[str]) -> None:
    """A CSV file of the studies' results; each is given by its study.json."""
    with open(output, "w", newline="") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        for study in studies:
            table.writerows(rows_of(Path(study).parent.name, json.loads(Path(study).read_text())))


def main(arguments: list[str]) -> int:
    command, *rest = arguments
    if command == "run":
        return run_job(*rest)
    write_table(rest[0], rest[1:])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
