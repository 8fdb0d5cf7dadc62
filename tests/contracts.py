"""The exported data contract is valid: Open Data Contract Standard 3.1 by its JSON schema; it has every table that a run made, and the
run's events name every file.

Usage: contracts.py PFE OUT
"""

import json
import pathlib
import subprocess
import sys

import jsonschema
import open_data_contract_standard
import yaml

pfe, out = sys.argv[1], pathlib.Path(sys.argv[2])


def exported(*arguments: str) -> str:
    return subprocess.run([pfe, "export", "contract", *arguments], check=True, capture_output=True, text=True).stdout


contract = yaml.safe_load(exported("--format", "odcs"))
schema = json.loads((pathlib.Path(open_data_contract_standard.__file__).parent / "schema.json").read_text())
jsonschema.validators.validator_for(schema)(schema).validate(contract)

declared = {table["physicalName"]: [column["name"] for column in table["properties"]] for table in contract["schema"]}
for file in sorted((out / "tables").glob("*.csv")):
    header = file.read_text(encoding="utf-8-sig").split("\n", 1)[0].strip().split(",")
    assert declared[f"results.{file.stem}"] == header, file.name
for file in sorted((out / "mart").glob("*.parquet")):
    assert f"mart/{file.name}" in declared, file.name
for file in sorted((out / "clean").glob("*.parquet")):
    assert f"cleaned_data.{file.stem}" in declared, file.name

dbt = yaml.safe_load(exported("--format", "dbt"))
assert {source["schema"] for source in dbt["sources"]} == {"cleaned_data"} and dbt["models"]

events = [
    json.loads(line)
    for line in exported("--format", "openlineage", "--out", str(out), "--event-time", "2018-08-21T10:00:00Z").splitlines()
]
made = [output["name"] for event in events for output in event.get("outputs", [])]
listed = {file["path"] for file in json.loads((out / "run.json").read_text())["core"]["outputs"]}
missing = {path for path in listed if not any(path == name or path.startswith(name.rstrip("/")) for name in made)}
assert not missing, missing
assert len(events) == 2 * len({event["run"]["runId"] for event in events})
print(f"{len(contract['schema'])} tables in the contract, {len(events)} events of {len(set(made))} datasets")
