"""Checks a report as PDF readers and archives do: PDF/UA-1 and PDF/A-3 declared, tagged, every font embedded.

Usage: pdf.py REPORT.pdf
"""

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
print(f"{len(reader.pages)} pages, {len(fonts)} embedded fonts")
