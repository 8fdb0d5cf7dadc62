"""Checks a report as Word reads it: headings, captions, tables, footnotes, alternative text, against the page of the same run.

Usage: word.py REPORT.docx REPORT.html
"""

import html
import re
import sys
import zipfile
from pathlib import Path

from docx import Document
from docx.oxml.ns import qn

document = Document(sys.argv[1])
page = Path(sys.argv[2]).read_text()
body = page.split("<main", 1)[1]


def flat(text):
    return re.sub(r"\s+", " ", text).strip()


def text(markup):
    return flat(html.unescape(re.sub(r"<[^>]*>", "", markup)))


# Headings: the same titles on the same levels. Word counts the numbered ones itself.
in_page = [
    (int(level) - 1, text(title))
    for level, title in re.findall(r'<h([2-6]) id="[^"]*">(?:<span class="number">[^<]*</span> )?(.*?)</h\1>', body)
]
heads = [p for p in document.paragraphs if p.style.name.startswith("Heading ")]
in_word = [(int(p.style.name.split()[1]), flat(p.text)) for p in heads]
assert in_word == in_page and len(in_page) > 40, set(in_word) ^ set(in_page)
numbers = re.findall(r'<h[2-6] id="[^"]*"><span class="number">', body)
counted = [p for p in heads if p._p.pPr.numPr is None and int(p.style.name.split()[1]) <= 3]
assert len(counted) == len(numbers), f"Word counts {len(counted)} headings, the page {len(numbers)}"

# Captions of figures and tables, in order, with their numbers.
captions = [text(caption) for caption in re.findall(r"<figcaption>(.*?)</figcaption>", body)]
assert [flat(p.text) for p in document.paragraphs if p.style.name == "Caption"] == captions, "other captions"

# Tables: as many, of as many rows and columns, each with a head that comes again on each page; and no picture stands for one.
tables = re.findall(r"<table>.*?</table>", body, re.S)
assert len(document.tables) == len(tables)
for table, markup in zip(document.tables, tables):
    head = re.findall(r"<th scope=\"col\"[^>]*>(.*?)</th>", markup, re.S)
    assert (len(table.rows), len(table.columns)) == (markup.count("<tr>"), len(head)), head
    first = table._tbl.tr_lst[0]
    assert first.trPr.find(qn("w:tblHeader")) is not None, head
    cells = [flat("".join(t.text or "" for t in cell.iter(qn("w:t")))) for cell in first.tc_lst]
    assert cells == [text(cell) for cell in head], (cells, head)

# Figures: alternative text as in the page, SVG and PNG.
figures = [html.unescape(alt) for alt in re.findall(r'<svg aria-label="([^"]*)"', body)]
drawn = list(document.element.body.iter(qn("wp:docPr")))
assert [flat(one.get("descr")) for one in drawn] == [flat(alt) for alt in figures] and all(figures), "other alternative texts"
media = [name for name in zipfile.ZipFile(sys.argv[1]).namelist() if name.startswith("word/media/")]
assert sorted(Path(name).suffix for name in media) == [".png"] * len(figures) + [".svg"] * len(figures)

# Footnotes: the same texts.
notes = document.part.part_related_by("http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes")
found = re.findall(r'<w:footnote w:id="\d+">(.*?)</w:footnote>', notes.blob.decode(), re.S)
in_notes = [flat(html.unescape("".join(re.findall(r"<w:t [^>]*>([^<]*)</w:t>", note)))) for note in found]
expected = [text(note) for note in re.findall(r'<li id="note-\d+">(.*?)<a class="back"', body, re.S)]
assert in_notes == expected and expected, "other footnotes"

core = document.core_properties
assert flat(core.title) == text(re.search(r"<title>(.*?)</title>", page)[1]), core.title
assert core.language[:2] == re.search(r'<html lang="(..)"', page)[1]
print(f"{len(heads)} headings, {len(captions)} captions, {len(tables)} tables, {len(drawn)} figures, {len(found)} footnotes as in the page")
