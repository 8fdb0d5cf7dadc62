//! Data in, clean tables out, or one message: formats, layouts, dialects, damage.

mod archives;
mod damaged;
mod forms;
mod layouts;
mod markets;
mod missing;
mod names;
mod places;
mod refused;
mod shops;
mod spreadsheets;
mod values;
mod variants;
