"""The metadata of a run's folder are a valid RO-Crate and Process Run Crate, by an independent validator.

ro_crate.py FOLDER. Needs no network: the JSON-LD context stands in the `rocrate` package.
"""

import json
import pathlib
import sys

import rdflib.plugins.shared.jsonld.context as jsonld
import requests
import rocrate
from rocrate_validator import models, services
from rocrate_validator.utils.http import HttpRequester

CONTEXT = (pathlib.Path(rocrate.__file__).parent / "data" / "ro-crate.jsonld").read_text()
PLACE = "https://w3id.org/ro/crate/"
PROFILES = ["ro-crate-1.1", "process-run-crate-0.5"]

fetch = jsonld.Context._fetch_context


def fetch_context(self, source, base, *args, **kwargs):
    """As rdflib fetches it."""
    return json.loads(CONTEXT) if str(source).startswith(PLACE) else fetch(self, source, base, *args, **kwargs)


def get(self, url, **kwargs):
    """As the validator fetches it."""
    assert url.startswith(PLACE), f"{url} is asked for"
    response = requests.Response()
    response.status_code, response._content, response.url = 200, CONTEXT.encode(), url
    response.headers["Content-Type"] = "application/ld+json"
    return response


def main(folder):
    jsonld.Context._fetch_context = fetch_context
    HttpRequester.get = get
    failed = False
    for profile in PROFILES:
        settings = services.ValidationSettings(
            rocrate_uri=folder, profile_identifier=profile, requirement_severity=models.Severity.REQUIRED
        )
        result = services.validate(settings)
        for issue in result.get_issues():
            print(f"{profile}: {issue.check.identifier}: {issue.message} ({issue.violatingEntity})")
        failed |= not result.passed() or len(result.executed_checks) < 10
        print(f"{profile}: {len(result.executed_checks)} checks")
    sys.exit(failed)


main(sys.argv[1])
