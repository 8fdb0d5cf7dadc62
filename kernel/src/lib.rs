//! Jupyter kernel of pfe. Empty until the analysis crate is complete.
