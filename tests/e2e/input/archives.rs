//! Damaged and hostile archives: one message, and nothing is unpacked.

use std::fs;
use std::io::Write;

use crate::workdir::Workdir;

/// An archive with these entries, as bytes.
fn archive(entries: &[(&str, &[u8])], large: bool) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut zip = zip::ZipWriter::new(file.reopen().unwrap());
    for (name, bytes) in entries {
        zip.start_file(*name, zip::write::SimpleFileOptions::default().large_file(large)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
    fs::read(file.path()).unwrap()
}

/// Overwrites the bytes at offset `at` from the first `header`.
fn patched(mut bytes: Vec<u8>, header: &[u8], at: usize, with: &[u8]) -> Vec<u8> {
    let start = bytes.windows(header.len()).position(|window| window == header).unwrap() + at;
    bytes[start..start + with.len()].copy_from_slice(with);
    bytes
}

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const ORDERS: &str = "olist_orders_dataset.csv";

#[test]
fn entries_that_declare_what_is_not_so() {
    let work = Workdir::new();
    let refused = |name: &str, bytes: Vec<u8>, words: &[&str]| {
        work.write(name, bytes);
        work.fails(&["run", "--data", name], 2, words);
        // In a folder, too.
        work.write(&format!("folder/{name}"), fs::read(work.path(name)).unwrap());
        work.fails(&["run", "--data", "folder"], 2, &[name, "are missing from `folder`"]);
        fs::remove_file(work.path(&format!("folder/{name}"))).unwrap();
    };
    // The bomb declares a greater compressed size than the archive has room for.
    let bomb = archive(&[(ORDERS, &vec![b'0'; 50_000_000])], false);
    let more = 1_000_000u32.to_le_bytes();
    let bomb = patched(patched(bomb, CENTRAL, 20, &more), LOCAL, 18, &more);
    refused("bomb.zip", bomb, &["declares more bytes than it holds"]);
    // This one declares a smaller uncompressed size.
    let less = 20u32.to_le_bytes();
    let short = archive(&[(ORDERS, &vec![b'0'; 5_000])], false);
    work.write("short.zip", patched(patched(short, CENTRAL, 24, &less), LOCAL, 22, &less));
    work.fails(&["run", "--data", "short.zip"], 2, &["short.zip"]);
    let twice = archive(&[(ORDERS, b"x"), ("olist_orders_datasex.csv", b"y")], false);
    let twice = String::from_utf8_lossy(&twice).contains("datasex").then(|| {
        let mut bytes = twice.clone();
        while let Some(at) = bytes.windows(7).position(|window| window == b"datasex") {
            bytes[at + 6] = b't';
        }
        bytes
    });
    refused("twice.zip", twice.unwrap(), &["holds two entries of one name"]);
    let locked = archive(&[(ORDERS, b"x")], false);
    let locked = patched(patched(locked, CENTRAL, 8, &[1, 0]), LOCAL, 6, &[1, 0]);
    refused(
        "locked.zip",
        locked,
        &["`olist_orders_dataset.csv` in `locked.zip` is encrypted", "hint: unpack the archive"],
    );
    let out = archive(&[("a/../../olist_orders_dataset.csv", b"x")], false);
    refused("out.zip", out, &["points outside of it"]);
    let absolute = archive(&[("/etc/olist_orders_dataset.csv", b"x")], false);
    work.write("absolute.zip", absolute);
    work.fails(&["run", "--data", "absolute.zip"], 2, &["absolute.zip"]);
}

/// Archives of more than 4 GB (ZIP64), and files that other programs add beside the tables.
#[test]
fn archives_of_other_programs() {
    let work = Workdir::with_data();
    let files = work.files("data");
    let mut entries: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).collect();
    entries.push(("__MACOSX/._olist_orders_dataset.csv", b"resource"));
    entries.push((".DS_Store", b"x"));
    entries.push(("readme.txt", b"x"));
    work.write("large.zip", archive(&entries, true));
    let done = work.ok(&["audit", "--data", "large.zip"]);
    assert_eq!(done.stdout, work.ok(&["audit", "--data", "data"]).stdout);
}
