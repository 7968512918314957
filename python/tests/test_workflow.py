"""The workflow without Snakemake: commands of plans, errors in configurations, the table."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from conftest import BIN, ROOT, TINY, Python

from cellm.workflow import SNAKEFILE, sweep

STORY = ROOT / "testdata" / "tiny_eval" / "story.txt"


def config(**more: Any) -> dict[str, Any]:
    return {"output": "out", "models": {"tiny": "a/b"}, "texts": ["x.txt"], **more}


def test_plans_are_commands_of_the_study() -> None:
    command = sweep.plan_command(config(), "tiny")
    assert command == ["cellm", "study", "--source", "a/b", "--output", "out/tiny", "--text",
                       "x.txt", "--threads", "1", "--plan"]  # fmt: skip
    own = {"source": "c", "texts": ["y", "z"], "formats": ["int4", "int2"], "options": {"window": 64}}
    command = sweep.plan_command(
        config(models={"m": own}, split=4, threads=2, cellm="/bin/x",
               options={"window": 512, "no-keep": True, "follow-links": False}),
        "m",
    )  # fmt: skip
    assert command == ["/bin/x", "study", "--source", "c", "--output", "out/m", "--text", "y",
                       "--text", "z", "--formats", "int4,int2", "--split", "4", "--threads", "2",
                       "--window", "64", "--no-keep", "--plan"]  # fmt: skip


def test_errors_name_the_key(tmp_path: Path) -> None:
    with pytest.raises(sweep.SweepError, match="formts"):
        sweep.plan_command(config(formts=[]), "tiny")
    with pytest.raises(sweep.SweepError, match="split"):
        sweep.plan_command(config(models={"m": {"source": "a", "split": 2}}), "m")
    with pytest.raises(sweep.SweepError, match="source"):
        sweep.plan_command(config(models={"m": {}}), "m")
    for key in ("models", "output"):
        with pytest.raises(sweep.SweepError, match=key):
            sweep.read_studies(config(**{key: None}), refresh=False)
    with pytest.raises(sweep.SweepError, match="exit code 3"):
        sweep.read_studies(
            config(cellm=str(BIN / "cellm"), output=str(tmp_path), models={"m": str(tmp_path)}),
            refresh=True,
        )


def test_jobs_run_from_the_plan_and_give_a_table(tmp_path: Path, python: Python) -> None:
    options = {"tokens": 128, "window": 64, "generate": 2, "sensitivity-tokens": 0, "speed-runs": 0}
    study = sweep.read_studies(
        {"output": str(tmp_path), "models": {"tiny": str(TINY)}, "texts": [str(STORY)] * 2,
         "formats": ["int2"], "split": 2, "options": options, "cellm": str(BIN / "cellm")},
        refresh=True,
    )["tiny"]  # fmt: skip
    for name in study.jobs:
        assert sweep.main(["run", str(BIN / "cellm"), str(study.plan), name]) == 0
    sweep.main(["table", str(tmp_path / "sweep.csv"), str(tmp_path / "tiny" / "study.json")])
    with open(tmp_path / "sweep.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["format"], row["text"]) for row in rows] == [
        (name, text) for name in ("f16", "int2") for text in ("all", "story.txt", "story.txt")
    ]
    evaluation = json.loads((tmp_path / "tiny" / "study.json").read_text())["formats"][1][
        "evaluation"
    ]
    assert float(rows[3]["kld_mean"]) == evaluation["kld_mean"]
    assert float(rows[4]["kld_mean"]) == evaluation["texts"][0]["kld_mean"]
    assert {row["model"] for row in rows} == {"tiny"}


def test_the_package_has_the_workflow(python: Python) -> None:
    done = python("import runpy; runpy.run_module('cellm.workflow', run_name='__main__')")
    assert done.stdout == f"{SNAKEFILE}\n", done.stderr
    assert SNAKEFILE.is_file()
    assert (SNAKEFILE.parent / "profiles" / "slurm" / "config.yaml").is_file()
