"""Checks a report as PDF readers and archives do: PDF/UA-1 and PDF/A-3 declared, tagged, every font embedded.

With the folder of the run, the files that it carries must be those of the run.

Usage: pdf.py REPORT.pdf [FOLDER]
"""

import csv
import html
import json
import pathlib
import re
import sys

from pypdf import PdfReader

reader = PdfReader(sys.argv[1])
root = reader.trailer["/Root"]
metadata = root["/Metadata"].get_data().decode()
assert re.search(r'pdfuaid:part(>|=")1', metadata), "PDF/UA-1 is not declared"
assert re.search(r'pdfaid:part(>|=")3', metadata), "PDF/A-3 is not declared"
assert root["/MarkInfo"]["/Marked"], "not tagged"
assert root["/Lang"], "no language"
assert reader.metadata.title, "no title"

fonts = set()
for page in reader.pages:
    for font in page["/Resources"].get("/Font", {}).values():
        font = font.get_object()
        descendant = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
        descriptor = descendant["/FontDescriptor"].get_object()
        assert any(key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3")), f"{font['/BaseFont']} is not embedded"
        fonts.add(font["/BaseFont"])
assert fonts, "no font at all"

text = [page.extract_text() for page in reader.pages]
assert all(len(page.strip()) > 20 for page in text), "an empty page"
assert "\ufffd" not in "".join(text), "a glyph is missing"
if len(sys.argv) > 2:
    folder = pathlib.Path(sys.argv[2])
    attached = {name: contents[0] for name, contents in reader.attachments.items()}
    tables = {path.name: path.read_bytes() for path in (folder / "tables").iterdir()}
    run = json.loads(attached.pop("run.json"))["core"]
    written = json.loads((folder / "run.json").read_text())["core"]
    assert run["inputs"] == written["inputs"] and run["fingerprint"] == written["fingerprint"], "another run is attached"
    with (folder / "tables" / "winner.csv").open() as file:
        forecasts = [round(float(row["forecast"])) for row in csv.DictReader(file)]
    page = html.unescape((folder / "report.html").read_text())
    printed = re.sub(r"\s", "", "".join(text))
    for forecast in forecasts:
        # Digits in groups of three, whatever stands between them.
        grouped = f"{forecast:,}"
        told = [grouped.replace(",", "\u202f"), grouped]
        assert any(t in page for t in told), f"{grouped} is not in the page"
        assert any(re.sub(r"\s", "", t) in printed for t in told), f"{grouped} is not in the PDF"
    assert attached == tables, f"not the same files: {sorted(set(attached) ^ set(tables))}"
print(f"{len(reader.pages)} pages, {len(fonts)} embedded fonts")
