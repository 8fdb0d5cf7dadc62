//! Structure → diagrams of boxes and lines: the data model and the flow of the steps. Kinds of charts.

pub(super) mod entities;
pub(super) mod flow;
