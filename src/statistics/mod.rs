//! Statistics that `models`, `decisions` and `trial` share: numbers in, numbers out. Knows no orders.

pub(crate) mod discoveries;
pub(crate) mod hypergeometric;
pub(crate) mod normal;
pub(crate) mod shrinkage;
pub(crate) mod special;
pub(crate) mod wilson;
