//! The original project's path through S3, DynamoDB and a database, through the binary.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;

use super::servers::{Place, place, server};
use super::workdir::{Done, Workdir, assert_same};

/// A bucket and a DynamoDB prefix of one test, with what `pfe` needs to reach them.
struct Cloud {
    bucket: String,
    env: Vec<(&'static str, String)>,
}

impl Cloud {
    fn new(name: &str) -> Option<Cloud> {
        let (s3, dynamodb) = (server("PFE_TEST_S3")?, server("PFE_TEST_DYNAMODB")?);
        let bucket = format!("{name}-{}", std::process::id());
        let env = vec![
            ("AWS_ENDPOINT_URL_S3", s3),
            ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb),
            ("AWS_ACCESS_KEY_ID", "AKIATEST".into()),
            ("AWS_SECRET_ACCESS_KEY", "topsecret".into()),
            ("HOME", "/nonexistent".into()),
        ];
        let cloud = Cloud { bucket, env };
        cloud.request("PUT", "", b"");
        Some(cloud)
    }

    fn url(&self) -> String {
        format!("s3://{}/olist", self.bucket)
    }

    fn documents(&self) -> String {
        format!("dynamodb://{}?region=eu-west-3", self.bucket)
    }

    fn pfe(&self, work: &Workdir, args: &[&str]) -> Done {
        let env: Vec<(&str, &str)> = self.env.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let done = work.pfe_with(args, &env);
        assert!(!(done.stdout.clone() + &done.stderr).contains("topsecret"), "{done}");
        done
    }

    fn ok(&self, work: &Workdir, args: &[&str]) -> Done {
        let done = self.pfe(work, args);
        assert_eq!(done.code, Some(0), "{done}");
        done
    }

    fn fails(&self, work: &Workdir, args: &[&str], code: i32, words: &[&str]) {
        let done = self.pfe(work, args);
        assert_eq!(done.code, Some(code), "{done}");
        for word in words {
            assert!(done.stderr.contains(word), "`{word}` is not in:\n{done}");
        }
    }

    /// The same without one of the variables.
    fn without(mut self, variable: &str) -> Cloud {
        self.env.retain(|(name, _)| !name.starts_with(variable));
        self
    }

    /// A request without pfe, as users make with tools of their own. The test server checks no signature.
    fn request(&self, method: &str, key: &str, body: &[u8]) -> Vec<u8> {
        let host = self.env[0].1.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).unwrap();
        let (bucket, n) = (&self.bucket, body.len());
        write!(
            stream,
            "{method} /{bucket}/{key} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\
             authorization: AWS4-HMAC-SHA256 Credential=AKIATEST/20260101/us-east-1/s3/aws4_request\r\n\
             content-length: {n}\r\n\r\n"
        )
        .unwrap();
        stream.write_all(body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        assert!(head.starts_with("HTTP/1.1 20"), "{method} {key}: {head}");
        answer.split_off(end + 4)
    }

    /// Uploads the original project's layout: CSV files, and customers and sellers as JSON.
    fn put_layout(&self, work: &Workdir) {
        for entry in fs::read_dir(work.path("data")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            match name.as_str() {
                "olist_customers_dataset.csv" => self.put_documents(work, &name, "customer"),
                "olist_sellers_dataset.csv" => self.put_documents(work, &name, "seller"),
                csv if csv.ends_with(".csv") => {
                    drop(self.request("PUT", &format!("olist/csv/{csv}"), &fs::read(&path).unwrap()))
                }
                _ => {}
            }
        }
    }

    fn put_documents(&self, work: &Workdir, file: &str, entity: &str) {
        let documents: Vec<serde_json::Value> = work
            .table(&format!("data/{file}"))
            .iter()
            .map(|row| {
                let mut document = serde_json::Map::new();
                let mut address = serde_json::Map::new();
                for (column, value) in row {
                    if column.ends_with("_prefix") {
                        let number: u32 = value.parse().unwrap();
                        address.insert(column.replace("_prefix", ""), number.into());
                    } else if column.ends_with("_id") {
                        document.insert(column.clone(), value.as_str().into());
                    } else {
                        address.insert(column.clone(), value.as_str().into());
                    }
                }
                document.insert(format!("{entity}_address"), address.into());
                document.into()
            })
            .collect();
        let text = serde_json::to_vec_pretty(&documents).unwrap();
        self.request("PUT", &format!("olist/json/{entity}s.json"), &text);
    }
}

/// From the bucket into the database and the documents, through the analysis, and back into the bucket.
fn the_whole_way(cloud: &Cloud, database: &Place) {
    let work = Workdir::with_data();
    work.ok(&["run", "--data", "data", "--out", "local", "--quiet"]);
    cloud.put_layout(&work);
    let (files, documents) = (cloud.url(), cloud.documents());
    let done = cloud.ok(&work, &["load", "--from", &files, "--to", &documents]);
    assert!(done.stdout.contains("customers") && !done.stdout.contains("orders"), "{done}");
    for table in ["geolocation", "order_items", "order_payments", "order_reviews", "orders", "products"] {
        cloud.ok(&work, &["load", "--from", &files, "--to", &database.url, "--table", table, "--quiet"]);
    }
    for table in ["product_category_name_translation", "states_name"] {
        cloud.ok(&work, &["load", "--from", &files, "--to", &database.url, "--table", table, "--quiet"]);
    }
    let from = ["--data", &documents, "--data", &database.url];
    cloud.ok(&work, &[&["run", "--store", &database.url, "--out", "out", "--quiet"][..], &from[..]].concat());
    cloud.ok(&work, &[&["run", "--store", &files, "--out", "out", "--quiet"][..], &from[..]].concat());
    for folder in ["clean", "mart"] {
        assert_same(&work.files(&format!("local/{folder}")), &work.files(&format!("out/{folder}")));
    }
    // Only the table that says what was read where differs.
    for (name, bytes) in work.files("local/tables") {
        let stored = cloud.request("GET", &format!("olist/results/{name}"), b"");
        assert!(name == "audit.csv" || stored == bytes, "{}: {name} in the bucket differs", database.kind);
        assert!(!String::from_utf8_lossy(&stored).contains("topsecret"));
    }
    for name in ["run.json", "report.html", "audit.json"] {
        assert!(!work.read(&format!("out/{name}")).contains("topsecret"), "{name}");
    }
}

#[test]
fn the_original_way_gives_the_local_results_to_the_bit() {
    for kind in ["sqlite", "mysql", "postgres"] {
        let Some(cloud) = Cloud::new(&format!("way-{kind}")) else { return };
        let Some(database) = place(kind) else { continue };
        the_whole_way(&cloud, &database);
    }
}

#[test]
fn files_in_a_bucket_are_read_as_files_of_a_folder_are() {
    let Some(cloud) = Cloud::new("files") else { return };
    let work = Workdir::with_data();
    // A row that breaks the contract is quarantined with its line wherever it is read.
    work.edit("data/olist_orders_dataset.csv", |text| text.replacen("\"delivered\"", "\"devoured\"", 1));
    let deep = "exports/2018/october";
    fs::create_dir_all(work.path("shop/exports/2018")).unwrap();
    fs::rename(work.path("data"), work.path(&format!("shop/{deep}"))).unwrap();
    for entry in fs::read_dir(work.path(&format!("shop/{deep}"))).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        cloud.request("PUT", &format!("olist/{deep}/{name}"), &fs::read(&path).unwrap());
    }
    cloud.ok(&work, &["run", "--data", "shop", "--out", "local", "--quiet"]);
    cloud.ok(&work, &["run", "--data", &cloud.url(), "--out", "out", "--quiet"]);
    assert!(work.read("local/quarantine/orders.csv").contains("devoured"));
    for folder in ["clean", "mart", "tables", "quarantine"] {
        assert_same(&work.files(&format!("local/{folder}")), &work.files(&format!("out/{folder}")));
    }
    assert_eq!(work.json("local/run.json")["core"]["inputs"], work.json("out/run.json")["core"]["inputs"]);
}

/// An object under the key of a table that no load has put there.
#[test]
fn objects_of_others_are_left_alone() {
    let Some(cloud) = Cloud::new("others") else { return };
    let work = Workdir::with_data();
    cloud.request("PUT", "olist/raw_data/sellers.parquet", b"mine");
    let load = ["load", "--from", "data", "--to", &cloud.url(), "--quiet"];
    cloud.fails(&work, &load, 2, &["raw_data/sellers.parquet` is in the way", "hint: move it away"]);
    assert_eq!(cloud.request("GET", "olist/raw_data/sellers.parquet", b""), b"mine");
    // Once it is gone, the load goes through, and so does the next one, which replaces its own objects.
    cloud.request("DELETE", "olist/raw_data/sellers.parquet", b"");
    cloud.ok(&work, &load);
    cloud.ok(&work, &load);
}

#[test]
fn what_is_wrong_is_said_without_secrets() {
    let Some(cloud) = Cloud::new("wrong") else { return };
    let work = Workdir::with_data();
    let load = |cloud: &Cloud, to: &str, code, words: &[&str]| {
        cloud.fails(&work, &["load", "--from", "data", "--to", to, "--table", "sellers", "--quiet"], code, words)
    };
    load(&cloud, "s3://no-such-bucket-here/x", 1, &["there is no bucket `no-such-bucket-here`", "hint: "]);
    load(&cloud, "s3://b/../x", 2, &["`..`"]);
    load(&cloud, "s3://AKIA:topsecret@b/x", 2, &["holds credentials", "AWS_ACCESS_KEY_ID"]);
    load(&cloud, "dynamodb://a/../b", 2, &["no prefix of tables"]);
    load(&cloud, "dynamodb://a?reigon=x", 2, &["reigon", "region"]);
    let to = cloud.documents();
    cloud.fails(&work, &["load", "--from", "data", "--to", &to, "--table", "orders", "--quiet"], 2, &["orders"]);
    cloud.fails(&work, &["run", "--data", "data", "--store", &to, "--quiet"], 2, &["no place for"]);
    cloud.fails(&work, &["run", "--data", &cloud.url(), "--quiet"], 2, &["missing from `s3://"]);
    let cloud = cloud.without("AWS_SECRET_ACCESS_KEY").without("AWS_ACCESS_KEY_ID");
    load(&cloud, "s3://b/x", 2, &["no AWS credentials for `s3://b/x`", "AWS_PROFILE"]);
    load(&cloud, "dynamodb://x", 2, &["no AWS credentials for `dynamodb://x`"]);
    let cloud = cloud.without("AWS_ENDPOINT_URL");
    load(&cloud, "s3://b/x", 2, &["no AWS region", "AWS_REGION"]);
}
