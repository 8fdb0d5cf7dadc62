//! SalesMart → Forecasts. Next: `findings`.

pub mod reference;
