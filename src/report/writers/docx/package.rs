//! Parts → the bytes of a docx, a zip of XML. Part of `docx`.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::xml::NAMESPACES;
use crate::charts::canvas::fonts;
use crate::{Error, Result};

const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const MAIN: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml";
const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";

/// Level of compression: little larger than the usual 6, in half of its time.
const DEFLATE: i64 = 4;

/// Relationships of a part: what it refers to outside of itself, by identifiers `rId1`, `rId2`, ….
#[derive(Default)]
pub(super) struct Relations(Vec<String>);

impl Relations {
    /// Refers to another part; returns the identifier.
    pub(super) fn part(&mut self, kind: &str, target: &str) -> String {
        self.add(&format!("Type=\"{OFFICE}/{kind}\" Target=\"{target}\""))
    }

    /// Refers to an address, escaped already; returns the identifier.
    pub(super) fn address(&mut self, url: &str) -> String {
        self.add(&format!("Type=\"{OFFICE}/hyperlink\" Target=\"{url}\" TargetMode=\"External\""))
    }

    /// Refers to the properties of the document.
    pub(super) fn core(&mut self, target: &str) {
        const KIND: &str = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties";
        self.add(&format!("Type=\"{KIND}\" Target=\"{target}\""));
    }

    fn add(&mut self, relation: &str) -> String {
        // An address that the text names often is one relationship.
        let known = self.0.iter().position(|known| known == relation);
        let place = known.unwrap_or_else(|| {
            self.0.push(relation.to_owned());
            self.0.len() - 1
        });
        format!("rId{}", place + 1)
    }

    fn xml(&self) -> String {
        let one = |(place, relation): (usize, &String)| format!("<Relationship Id=\"rId{}\" {relation}/>\n", place + 1);
        let all: String = self.0.iter().enumerate().map(one).collect();
        format!(
            "{HEAD}<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\n{all}</Relationships>\n"
        )
    }
}

/// The parts of a docx.
#[derive(Default)]
pub(super) struct Package {
    parts: Vec<(String, Vec<u8>)>,
    /// Content types of single parts; the others have that of their extension.
    types: String,
}

impl Package {
    /// Adds a part of XML with its content type, that of a word-processing document unless it names a whole one.
    pub(super) fn xml(&mut self, path: &str, kind: &str, xml: &str) {
        let kind = if kind.contains('/') { kind.to_owned() } else { format!("{MAIN}.{kind}+xml") };
        self.types += &format!("<Override PartName=\"/{path}\" ContentType=\"{kind}\"/>\n");
        self.parts.push((path.into(), format!("{HEAD}{xml}").into_bytes()));
    }

    /// Adds the relationships of the part at `path`; those of the package if it is empty.
    pub(super) fn relations(&mut self, path: &str, relations: &Relations) {
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
        let folder = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        self.parts.push((format!("{folder}_rels/{file}.rels"), relations.xml().into_bytes()));
    }

    /// Adds a part that is no XML.
    pub(super) fn media(&mut self, path: String, bytes: Vec<u8>) {
        self.parts.push((path, bytes));
    }

    /// Adds the fonts of the report, so that the document looks the same where they are not installed.
    pub(super) fn fonts(&mut self) {
        let mut relations = Relations::default();
        let mut embedded = |slot: &str, number: u8, bytes: &[u8]| {
            let file = format!("fonts/font{number}.odttf");
            let id = relations.part("font", &file);
            self.parts.push((format!("word/{file}"), obfuscated(bytes, number)));
            format!("<w:embed{slot} r:id=\"{id}\" w:fontKey=\"{}\"/>", font_key(number))
        };
        let sans = [("Regular", 1, fonts::REGULAR), ("Bold", 2, fonts::BOLD), ("Italic", 3, fonts::ITALIC)];
        let sans: String = sans.into_iter().map(|(slot, number, bytes)| embedded(slot, number, bytes)).collect();
        let code = embedded("Regular", 4, fonts::CODE);
        let font = |name: &str, family: &str, pitch: &str, faces: &str| {
            format!(
                "<w:font w:name=\"{name}\"><w:charset w:val=\"00\"/><w:family w:val=\"{family}\"/><w:pitch w:val=\"{pitch}\"/>{faces}</w:font>"
            )
        };
        let fonts =
            font(fonts::FAMILY, "swiss", "variable", &sans) + &font(fonts::CODE_FAMILY, "modern", "fixed", &code);
        let table = format!("<w:fonts {NAMESPACES}>{fonts}</w:fonts>");
        self.xml("word/fontTable.xml", "fontTable", &table);
        self.relations("word/fontTable.xml", &relations);
    }

    /// The bytes of the file: equal parts give equal bytes.
    pub(super) fn zip(self) -> Result<Vec<u8>> {
        let types = format!(
            "{HEAD}<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\n\
             <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\n\
             <Default Extension=\"xml\" ContentType=\"application/xml\"/>\n\
             <Default Extension=\"png\" ContentType=\"image/png\"/>\n\
             <Default Extension=\"svg\" ContentType=\"image/svg+xml\"/>\n\
             <Default Extension=\"odttf\" ContentType=\"application/vnd.openxmlformats-officedocument.obfuscatedFont\"/>\n\
             {}</Types>\n",
            self.types
        );
        let error = |e: &dyn std::fmt::Display| Error::report("the Word document", e);
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().last_modified_time(DateTime::default()).unix_permissions(0o644);
        let stored = options.compression_method(CompressionMethod::Stored);
        let deflated = options.compression_method(CompressionMethod::Deflated).compression_level(Some(DEFLATE));
        let types = ("[Content_Types].xml".to_owned(), types.into_bytes());
        for (path, bytes) in [types].into_iter().chain(self.parts) {
            // Pictures are deflated already.
            let options = if path.ends_with(".png") { stored } else { deflated };
            zip.start_file(path, options).map_err(|e| error(&e))?;
            zip.write_all(&bytes).map_err(|e| error(&e))?;
        }
        Ok(zip.finish().map_err(|e| error(&e))?.into_inner())
    }
}

/// Identifier of an embedded font, from which its obfuscation follows.
fn font_key(number: u8) -> String {
    format!("{{7066652D-0000-4000-8000-0000000000{number:02X}}}")
}

/// A font as a docx must hold it: the first 32 bytes combined with the digits of its key, read from the end (ECMA-376, part 4, 2.8.1).
fn obfuscated(font: &[u8], number: u8) -> Vec<u8> {
    let digits: Vec<u8> = font_key(number).chars().filter_map(|c| Some(c.to_digit(16)? as u8)).collect();
    let key: Vec<u8> = digits.chunks(2).rev().map(|pair| pair[0] << 4 | pair[1]).collect();
    let mut bytes = font.to_vec();
    for (byte, key) in bytes.iter_mut().take(32).zip(key.iter().cycle()) {
        *byte ^= key;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_font_is_what_it_was_once_its_key_is_taken_off() {
        let hidden = obfuscated(fonts::REGULAR, 1);
        assert_ne!(hidden[..32], fonts::REGULAR[..32]);
        assert_eq!(hidden[32..], fonts::REGULAR[32..]);
        // The key of font 1 ends with 01 and begins with 70 66 65 2d.
        assert_eq!(
            (hidden[0] ^ 0x01, hidden[15] ^ 0x70, hidden[31] ^ 0x70),
            (fonts::REGULAR[0], fonts::REGULAR[15], fonts::REGULAR[31])
        );
    }

    #[test]
    fn an_address_that_comes_twice_is_one_relationship() {
        let mut relations = Relations::default();
        assert_eq!(
            [relations.address("https://a"), relations.part("image", "b"), relations.address("https://a")],
            ["rId1", "rId2", "rId1"]
        );
    }
}
