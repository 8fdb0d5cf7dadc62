//! stub
use serde::{Deserialize, Serialize};
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
/// lang
pub enum Lang {
    /// fr
    Fr,
    /// en
    En,
}
/// d
pub struct Document;
impl Document {
    /// h
    pub fn to_html(&self) -> crate::Result<String> {
        Ok(String::new())
    }
    /// p
    pub fn to_pdf(&self, _: &[u8]) -> crate::Result<Vec<u8>> {
        Ok(vec![])
    }
}
/// c
pub fn compose(_: &crate::pipeline::Results) -> crate::Result<Document> {
    Ok(Document)
}
