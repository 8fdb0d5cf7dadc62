"""The original project's whole way, on real servers, against a local run of the same data: `original.py PFE DATA WORK`.

CSV and JSON from S3 → MySQL `raw_data` and DynamoDB → cleaning from there → MySQL `cleaned_data` → both models → CSV on S3
→ report. Every table must equal the local run's to the bit. The servers are those of `tests/servers.sh`.
"""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import boto3

PFE, DATA, WORK = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
S3, DYNAMODB = os.environ["PFE_TEST_S3"], os.environ["PFE_TEST_DYNAMODB"]
MYSQL = os.environ["PFE_TEST_MYSQL"] + "?ca=" + os.environ["PFE_TEST_CA"]
DOCUMENTS = ["customers", "sellers"]
ENVIRONMENT = {
    **os.environ,
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ENDPOINT_URL_S3": S3,
    "AWS_ENDPOINT_URL_DYNAMODB": DYNAMODB,
}
os.environ.update(ENVIRONMENT)


def pfe(*arguments):
    done = subprocess.run([PFE, *map(str, arguments), "--quiet"], env=ENVIRONMENT, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"pfe {' '.join(map(str, arguments))}: exit code {done.returncode}\n{done.stderr}")


def documents(table, path):
    """Rows of a CSV file as the nested documents that the original kept on S3: zip prefixes as numbers."""
    word = table.removesuffix("s")
    with open(path, newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            plain = {k: v for k, v in row.items() if k.endswith("_id")}
            plain[f"{word}_address"] = {
                f"{word}_zip_code": int(row[f"{word}_zip_code_prefix"]),
                f"{word}_city": row[f"{word}_city"],
                f"{word}_state": row[f"{word}_state"],
            }
            yield plain


def upload(s3):
    s3.create_bucket(Bucket="olist")
    for path in sorted(DATA.glob("*.csv")):
        table = path.stem.removeprefix("olist_").removesuffix("_dataset")
        if table in DOCUMENTS:
            body = json.dumps(list(documents(table, path)), ensure_ascii=False).encode()
            s3.put_object(Bucket="olist", Key=f"json/{table}.json", Body=body)
        else:
            s3.upload_file(str(path), "olist", f"csv/{table}.csv")


def files(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def same(what, ours, theirs):
    if ours.keys() != theirs.keys():
        sys.exit(f"{what}: other files: {sorted(ours.keys() ^ theirs.keys())}")
    for name, content in ours.items():
        if content != theirs[name]:
            sys.exit(f"{what}: {name} differs")
    print(f"ok: {what}: {len(ours)} files equal to the bit")


def main():
    s3 = boto3.client("s3")
    upload(s3)
    tables = [p.stem.removeprefix("olist_").removesuffix("_dataset") for p in DATA.glob("*.csv")]
    relational = [argument for table in tables if table not in DOCUMENTS for argument in ("--table", table)]
    nested = [argument for table in DOCUMENTS for argument in ("--table", table)]
    for _ in range(2):  # twice gives the same rows
        pfe("load", "--from", "s3://olist", "--to", MYSQL, *relational)
        pfe("load", "--from", "s3://olist", "--to", "dynamodb://olist", *nested)
    with open(next(DATA.glob("*customers*.csv")), newline="", encoding="utf-8-sig") as file:
        customers = sum(1 for _ in csv.DictReader(file))
    pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName=customers_table(), Select="COUNT")
    found = sum(page["Count"] for page in pages)
    if found != customers:
        sys.exit(f"{found} of {customers} customers are in DynamoDB")
    print(f"ok: all {customers} customers are in DynamoDB")

    pfe("run", "--data", "dynamodb://olist", "--data", MYSQL, "--store", MYSQL, "--store", "s3://olist/out", "--out", WORK / "way")
    pfe("run", "--data", DATA, "--out", WORK / "local")
    for folder in ("clean", "mart", "tables"):
        same(folder, files(WORK / "way" / folder), files(WORK / "local" / folder))
    for report in ("report.html", "report.pdf", "dashboard.html"):
        if not (WORK / "way" / report).stat().st_size:
            sys.exit(f"{report} is empty")

    pfe("load", "--from", MYSQL, "--schema", "cleaned", "--to", f"lake:{WORK / 'back'}")
    pfe("load", "--from", DATA, "--schema", "cleaned", "--to", f"lake:{WORK / 'there'}")
    same("cleaned_data of MySQL", files(WORK / "back"), files(WORK / "there"))

    listed = s3.list_objects_v2(Bucket="olist", Prefix="out/results/")["Contents"]
    stored = {o["Key"].split("/")[-1]: s3.get_object(Bucket="olist", Key=o["Key"])["Body"].read() for o in listed}
    same("results on S3", {n: stored[n] for n in stored if n.endswith(".csv")}, files(WORK / "local" / "tables"))


def customers_table():
    names = [n for n in boto3.client("dynamodb").list_tables()["TableNames"] if n.startswith("olist_customers")]
    return names[-1]


main()
